"""The web process: one uvicorn worker that drains before it stops, and speaks the envelope even to broken HTTP."""

import asyncio
import signal
from types import FrameType
from typing import Any

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cleanly.entry import api, health
from cleanly.entry.health import Liveness
from cleanly.entry.settings import Settings
from cleanly.kernel.context import Context
from cleanly.kernel.errors import MalformedRequest, Unavailable
from cleanly.kernel.http import envelope

SCHEMA_SECONDS_MAX = 120
_log = structlog.get_logger(__name__)


class SchemaMissing(RuntimeError):
    """The database was never migrated to the revision that this code needs."""


class _Protocol(HttpToolsProtocol):
    """httptools' protocol, whose own 400 is our envelope."""

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP."""
        response = envelope(MalformedRequest())
        head = [b"HTTP/1.1 400 Bad Request\r\n"]
        head += [b"%b: %b\r\n" % (name, value) for name, value in response.raw_headers]
        head += [b"connection: close\r\n\r\n", bytes(response.body)]
        self.transport.write(b"".join(head))
        self.transport.close()


class DrainingServer(uvicorn.Server):
    """On SIGTERM the probe says no first, while calls are still served; only then does uvicorn refuse connections."""

    def __init__(self, config: uvicorn.Config, liveness: Liveness, *, drain_seconds: float) -> None:
        super().__init__(config)
        self._liveness = liveness
        self._drain_seconds = drain_seconds

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
    """
    running = server(context, settings)
    waiting = asyncio.create_task(wait_for_schema(context))
    waiting.add_done_callback(lambda task: _stop_if_failed(running, task))
    try:
        await running.serve()
    finally:
        waiting.cancel()
        done: list[Any] = await asyncio.gather(waiting, return_exceptions=True)
    if isinstance(done[0], SchemaMissing):
        raise done[0]


def _stop_if_failed(running: uvicorn.Server, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        running.should_exit = True
