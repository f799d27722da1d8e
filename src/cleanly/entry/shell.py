"""The one layer around the application, in pure ASGI: whose call, how fast, how big, how long, and one line of log.

Every request passes here and every answer leaves here, so this is the hot path: what can be decided once is decided
in `__init__`, and nothing is wrapped that need not be.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol
from uuid import uuid4

import structlog

from cleanly.entry import request_log
from cleanly.entry.settings import Settings
from cleanly.kernel.address import AddressRules, ClientAddress
from cleanly.kernel.context import Context
from cleanly.kernel.errors import (
    AppError,
    Forbidden,
    InternalError,
    MalformedRequest,
    PayloadTooLarge,
    RateLimited,
    Unavailable,
)
from cleanly.kernel.http import SCOPE_CLIENT, SCOPE_REQUEST_ID, envelope
from cleanly.platform.ratelimit import http as limits
from cleanly.platform.ratelimit import rules as limit_rules
from cleanly.platform.ratelimit.service import Limiter

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS_BYTES_MAX = 8 * 1024
TARGET_BYTES_MAX = 8 * 1024
_ID_CHARACTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_log = structlog.get_logger("cleanly.http")
_SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_CLOSED = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NO_STORE = (b"cache-control", b"no-store")


class Draining(Protocol):
    """Whether this process has been asked to end."""

    @property
    def is_draining(self) -> bool: ...  # noqa: D102


class Call:
    """What is known of one request while it runs: the end of the chain of `send`."""

    __slots__ = ("began", "close", "extra", "method", "path", "request_id", "scope", "send", "status")

    def __init__(self, scope: Scope, send: Send, request_id: bytes, extra: tuple[tuple[bytes, bytes], ...]) -> None:
        self.scope, self.send, self.request_id, self.extra = scope, send, request_id, extra
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.began = time.perf_counter()
        self.status = 0
        self.close = False

    async def answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
            names = {name for name, _ in headers}
            headers.extend(item for item in self.extra if item[0] not in names)
            headers.append((b"x-request-id", self.request_id))
            standing = limits.standing_of(self.scope)
            if standing is not None:
                headers.extend(limit_rules.raw_headers(standing))
            if self.close:
                headers.append((b"connection", b"close"))
            message["headers"] = headers
        await self.send(message)

    async def refuse(self, error: AppError) -> None:
        response = envelope(error)
        await self.answer(
            {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        )
        await self.send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else response.body})


class Shell:
    """Wraps the FastAPI application."""

    def __init__(self, app: App, context: Context, settings: Settings, *, prefix: str, draining: Draining) -> None:
        self._app = app
        self._addresses = context.part(AddressRules)
        self._limiter = context.part(Limiter)
        self._draining = draining
        self._body_bytes_max = settings.body_bytes_max
        self._seconds_max = settings.request_seconds_max
        self._https_only = settings.is_production
        self._edge_only = settings.edge_enforce == "on"
        self._hosts = _hosts(settings)
        self._unmeasured = f"{prefix}/health"
        self._extra = (*_SECURITY, _CLOSED, _NO_STORE, *((_HSTS,) if settings.is_production else ()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connection go straight through or are closed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Of a repeated header all values count: a proxy's list may come in several lines.
        headers: dict[bytes, bytes] = {}
        size = 0
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            headers[name] = headers[name] + b"," + value if name in headers else value
        call = Call(scope, send, _request_id(headers.get(b"x-request-id")), self._extra)
        call.close = self._draining.is_draining
        scope[SCOPE_REQUEST_ID] = call.request_id.decode()
        peer = scope.get("client")
        client = self._addresses.resolve(peer[0] if peer else None, scope["scheme"], headers)
        scope[SCOPE_CLIENT] = client
        try:
            refusal = self._refuses(call.path, client, headers, size, scope) or await self._limits(call, client)
            if refusal is not None:
                await call.refuse(refusal)
            else:
                await self._serve(call, receive, headers)
        finally:
            if not (call.path.startswith(self._unmeasured) and call.status < 400):  # noqa: PLR2004 - probes that go well
                request_log.write(call, client)

    def _refuses(
        self, path: str, client: ClientAddress, headers: dict[bytes, bytes], size: int, scope: Scope
    ) -> AppError | None:
        if size > HEADERS_BYTES_MAX or len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_BYTES_MAX:
            return MalformedRequest("The request's headers or its target are too large")
        is_probe = path.startswith(self._unmeasured)  # the platform probes directly, past proxies and edge
        if self._hosts is not None and not is_probe and _host(headers) not in self._hosts:
            return MalformedRequest("This host is not served here")
        if self._https_only and not client.is_https and not is_probe:
            return Forbidden("Use https")
        if self._edge_only and not client.via_edge and not is_probe:
            return Forbidden()
        length = headers.get(b"content-length")
        if length is not None and (not length.isdigit() or int(length) > self._body_bytes_max):
            return PayloadTooLarge() if length.isdigit() else MalformedRequest("Content-Length is no number")
        return None

    async def _limits(self, call: Call, client: ClientAddress) -> AppError | None:
        if call.path.startswith(self._unmeasured):
            return None
        standing = await self._limiter.hit("default", client.bucket)
        limits.note(call.scope, standing)
        return None if standing.allowed else RateLimited(retry_after_seconds=standing.reset_after_seconds)

    async def _serve(self, call: Call, receive: Receive, headers: dict[bytes, bytes]) -> None:
        # A body whose length is not announced is counted while it comes; an announced one was judged already.
        if b"transfer-encoding" in headers:
            receive = _counted(receive, self._body_bytes_max)
        structlog.contextvars.bind_contextvars(request_id=call.scope[SCOPE_REQUEST_ID])
        try:
            async with asyncio.timeout(self._seconds_max):
                await self._app(call.scope, receive, call.answer)
        except AppError as error:
            await self._end(call, error)
        except TimeoutError as error:
            _log.warning("request_deadline", path=call.path, error=type(error).__name__)
            await self._end(call, Unavailable())
        except Exception:
            _log.exception("request_failed", request_id=call.scope[SCOPE_REQUEST_ID])
            await self._end(call, InternalError())
        finally:
            structlog.contextvars.clear_contextvars()

    async def _end(self, call: Call, error: AppError) -> None:
        if call.status == 0:
            await call.refuse(error)
        else:
            # The status is sent: only a broken connection can still tell that this is no whole answer.
            raise ConnectionAbortedError("the answer broke off")


def _request_id(sent: bytes | None) -> bytes:
    """The client's, if it is 8 to 128 harmless characters; else a new one."""
    if sent is not None and 8 <= len(sent) <= 128 and _ID_CHARACTERS.issuperset(sent):  # noqa: PLR2004 - API.md 1
        return sent
    return uuid4().hex.encode()


def _hosts(settings: Settings) -> frozenset[str] | None:
    """The names we answer to: all of them outside production."""
    if not settings.is_production or settings.public_url is None:
        return None
    own = settings.public_url.removeprefix("https://").partition("/")[0].partition(":")[0]
    return frozenset(name.lower() for name in (own, *settings.allowed_hosts))


def _host(headers: dict[bytes, bytes]) -> str:
    return headers.get(b"host", b"").decode("latin-1").rpartition("@")[2].partition(":")[0].lower()


def _counted(receive: Receive, bytes_max: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > bytes_max:
            raise PayloadTooLarge
        return message

    return counted
