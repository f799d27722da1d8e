"""The web process: one uvicorn worker that drains before it stops, and speaks the envelope even to broken HTTP."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Generator
from types import FrameType
from typing import Any, cast
from uuid import uuid4

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cleanly.entry import api, health
from cleanly.entry.cycle import EXTENSIONS, WholeAnswers
from cleanly.entry.health import Liveness
from cleanly.entry.settings import Settings
from cleanly.entry.shell import SECURITY
from cleanly.kernel.context import Context
from cleanly.kernel.errors import MalformedRequest, Unavailable
from cleanly.kernel.http import envelope

SCHEMA_SECONDS_MAX = 120
HEAD_BYTES_MAX = 64 * 1024
UNWANTED_BYTES_MAX = 1024 * 1024
HEAD_SECONDS_MAX = 10.0
_LINGER_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class SchemaMissing(RuntimeError):
    """The database was never migrated to the revision that this code needs."""


class _Protocol(HttpToolsProtocol):
    """httptools' protocol with bounds on what it reads for nothing, and whose own 400 is our envelope."""

    _head_bytes = 0
    _unwanted_bytes = 0
    _is_over = False
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A proxy may hold a connection ready, but not for ever: uvicorn only bounds the pause after an answer."""
        super().connection_made(transport)
        self._wait(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to wait for."""
        super().connection_lost(exc)
        self._wait(None)

    def _wait(self, seconds: float | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = None if seconds is None else self.loop.call_later(seconds, self.transport.close)

    def data_received(self, data: bytes) -> None:
        """Bound the head while it comes, in bytes and in time: the shell sees only a whole one."""
        if self._is_over:
            self._count_unwanted(data)
            return
        super().data_received(data)
        # uvicorn sets the path when a request's head is complete.
        if "path" in (self.scope or ()):
            self._head_bytes = 0
            if self._patience is not None:
                self._wait(None)
            return
        if self._head_bytes == 0:
            self._wait(HEAD_SECONDS_MAX)
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self.send_400_response("too large")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.__class__ = WholeAnswers  # uvicorn makes its own kind, without a way to name another
        cycle.scope["extensions"] = EXTENSIONS
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Bound what a refused caller goes on to send."""
        super().on_body(body)
        if self.cycle.response_complete:
            self._count_unwanted(body)

    def _count_unwanted(self, data: bytes) -> None:
        # To close at once would reset the connection, and the refusal might be lost before it is read.
        self._unwanted_bytes += len(data)
        if self._unwanted_bytes > UNWANTED_BYTES_MAX:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words, which are not ours
        """Answer bytes that are no HTTP, and end the conversation."""
        if self._is_over or self.transport.is_closing():
            return
        self._is_over = True
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and not cycle.response_complete:  # this would stand in another answer's middle
            self.transport.close()
            return
        response = envelope(MalformedRequest())
        headers = dict([*response.raw_headers, *SECURITY, (b"x-request-id", uuid4().hex.encode())])
        lines = [b"%b: %b\r\n" % item for item in headers.items()]
        head = [b"HTTP/1.1 400 Bad Request\r\n", *lines, b"connection: close\r\n\r\n"]
        self.transport.write(b"".join([*head, bytes(response.body)]))
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _unsupported_upgrade_warning(self) -> None:
        """An upgrade that is not offered is no news (RFC 9110 section 7.8: the call is served as it is)."""


class DrainingServer(uvicorn.Server):
    """On SIGTERM the probe says no first, while calls are still served; only then does uvicorn refuse connections."""

    def __init__(self, config: uvicorn.Config, liveness: Liveness, *, drain_seconds: float) -> None:
        super().__init__(config)
        self._liveness = liveness
        self._drain_seconds = drain_seconds

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As uvicorn's, but without raising the signal again at the end: a process that ended as asked exits 0."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; a second signal, or Ctrl-C on a laptop, ends at once."""
        if self._liveness.is_draining or sig == signal.SIGINT or self._drain_seconds <= 0:
            self._liveness.is_draining = True
            super().handle_exit(sig, frame)
            return
        self._liveness.is_draining = True
        _log.info("draining", seconds=self._drain_seconds)
        asyncio.get_running_loop().call_later(self._drain_seconds, super().handle_exit, sig, frame)


def server(context: Context, settings: Settings) -> DrainingServer:
    """A server ready to `serve()`."""
    config = uvicorn.Config(
        api.create(context, settings),
        host=settings.listen_host,
        port=settings.listen_port,
        workers=1,
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=int(settings.shutdown_grace_seconds),
        backlog=2048,
    )
    return DrainingServer(config, context.part(Liveness), drain_seconds=settings.drain_seconds)


async def wait_for_schema(context: Context) -> None:
    """Come alive when the database holds our revision: the other service's deploy may still be migrating it.

    Raises:
        SchemaMissing: it took more than two minutes.
    """
    deadline = asyncio.get_running_loop().time() + SCHEMA_SECONDS_MAX
    while asyncio.get_running_loop().time() < deadline:
        try:
            if await health.schema_is_there(context):
                context.part(Liveness).has_booted = True
                return
            _log.warning("waiting_for_migration", hint="run: cleanly migrate")
        except Unavailable:
            _log.warning("waiting_for_database")
        await asyncio.sleep(1)
    raise SchemaMissing("the database does not hold this release's schema: run `cleanly migrate`")


async def serve(context: Context, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SchemaMissing: the server ends itself, for it could answer nothing.
        DBAPIError: so it does when the database refuses for good (a wrong password, no such database).
    """
    running = server(context, settings)
    # What is here now stays for good: the collector need not look at it again, in the middle of somebody's call.
    gc.collect()
    gc.freeze()
    waiting = asyncio.create_task(wait_for_schema(context))
    waiting.add_done_callback(lambda task: _stop_if_failed(running, task))
    try:
        await running.serve()
    finally:
        waiting.cancel()
        (fault,) = await asyncio.gather(waiting, return_exceptions=True)
    if isinstance(fault, Exception):
        raise fault


def _stop_if_failed(running: uvicorn.Server, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        running.should_exit = True
