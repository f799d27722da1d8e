"""The one layer around the application, in pure ASGI: whose call, how fast, how big, how long, and one line of log.

Every request passes here and every answer leaves here, so this is the hot path: what can be decided once is decided
in `__init__`, and nothing is wrapped that need not be.
"""

import time
from typing import Protocol

import structlog
from starlette.requests import ClientDisconnect

from cleanly.entry import measures, prometheus, request_log
from cleanly.entry.call import App, Call, Message, Receive, Scope, Send
from cleanly.entry.cors import Cors, Header
from cleanly.entry.deadlines import Deadline, Deadlines
from cleanly.entry.settings import Settings
from cleanly.kernel import tracing
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
from cleanly.kernel.http import SCOPE_CLIENT, SCOPE_DEADLINE, SCOPE_REQUEST_ID
from cleanly.platform.ratelimit import http as limits
from cleanly.platform.ratelimit.service import Limiter

HEADERS_BYTES_MAX = 8 * 1024
TARGET_BYTES_MAX = 8 * 1024
_LENGTH_DIGITS_MAX = 18
_CLIENT_GONE = 499  # nobody sees it; the log's word for a caller that hung up while it still spoke
_log = structlog.get_logger("cleanly.http")
SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Draining(Protocol):
    """Whether this process has been asked to end."""

    @property
    def is_draining(self) -> bool: ...  # noqa: D102


class Shell:
    """Wraps the FastAPI application."""

    def __init__(self, app: App, context: Context, settings: Settings, *, prefix: str, draining: Draining) -> None:
        self._app = app
        self._addresses = context.part(AddressRules)
        self._limiter = context.part(Limiter)
        self._draining = draining
        self._body_bytes_max = settings.body_bytes_max
        self._deadlines = Deadlines(settings.request_seconds_max)
        self._https_only = settings.is_production
        self._edge_only = settings.edge_enforce == "on"
        self._hosts = _hosts(settings)
        self._cors = Cors(settings.cors_origins) if settings.cors_origins else None
        self._probes = frozenset({f"{prefix}/health", prometheus.PATH})
        self._beneath_probes = f"{prefix}/health/"
        self._has_edge = bool(settings.edge_secret)
        self._webhooks = f"{prefix}/webhooks/"
        self._defaults = (*SECURITY, *((_HSTS,) if settings.is_production else ()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connection go straight through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = Call(scope, send, self._defaults)
        brought = call.headers.get(b"traceparent")
        if brought is None and not tracing.TRACES.on:
            await self._answer(call, receive)
            return
        parent = brought.decode("latin-1") if brought is not None else None
        with tracing.within(parent, call.method, tracing.SpanKind.SERVER) as span:
            await self._answer(call, receive)
            if span is not None:
                request_log.trace(call, span)

    async def _answer(self, call: Call, receive: Receive) -> None:
        scope = call.scope
        measures.STANDING.active += 1
        deadline = scope[SCOPE_DEADLINE] = Deadline(self._deadlines)
        try:
            with deadline:
                await self._serve(call, receive)
        except AppError as error:
            await self._end(call, error)
        except ClientDisconnect:
            call.status = _CLIENT_GONE
        except Exception as error:  # noqa: BLE001 - whatever it is: the caller gets the envelope, the log the cause
            if isinstance(error, TimeoutError) and deadline.expired:
                _log.warning("request_deadline", route=request_log.route_of(call.scope))
                call.added.append((b"connection", b"close"))  # its body may still be on the way
                await self._end(call, Unavailable())
            else:
                _log.exception("request_failed", route=request_log.route_of(call.scope))
                await self._end(call, InternalError())
        finally:
            measures.STANDING.active -= 1
            seconds, route = time.perf_counter() - call.began, request_log.route_of(call.scope)
            if not call.is_probe:  # they would dilute every ratio
                measures.ended(call.method, route, call.status, seconds)
            if not (call.is_probe and call.status < 400):  # probes that go well would drown the rest
                request_log.write(call, route, seconds)

    async def _serve(self, call: Call, receive: Receive) -> None:
        scope, headers = call.scope, call.headers
        tracing.REQUEST_ID.set(scope[SCOPE_REQUEST_ID])
        peer = scope.get("client")
        call.client = scope[SCOPE_CLIENT] = self._addresses.resolve(peer[0] if peer else None, scope["scheme"], headers)
        call.is_probe = call.path in self._probes or call.path.startswith(self._beneath_probes)
        if self._draining.is_draining:
            call.added.append((b"connection", b"close"))
        if self._cors is not None:
            call.added.extend(self._cors.headers(headers.get(b"origin")))
        self._admit(call, call.client)
        if self._cors is not None and (found := self._cors.preflight(call.method, headers)) is not None:
            if isinstance(found, AppError):
                raise found
            await call.respond(204, found)
            return
        if not call.is_probe:
            await self._limit(call, call.client)
        if call.method == "HEAD":
            call.as_get()
        # A body whose length is not announced is counted while it comes; an announced one was judged already.
        if b"transfer-encoding" in headers:
            receive = _counted(receive, self._body_bytes_max)
        await self._app(call.scope, receive, call.answer)

    def _admit(self, call: Call, client: ClientAddress) -> None:
        scope, headers = call.scope, call.headers
        if call.headers_size > HEADERS_BYTES_MAX:
            raise MalformedRequest("The request's headers are too large")
        if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_BYTES_MAX:
            raise MalformedRequest("The request's target is too long")
        if not call.is_probe:  # the platform probes directly, past proxies and edge
            if self._hosts is not None and _host(headers) not in self._hosts:
                raise MalformedRequest("This host is not served here")
            if self._https_only and not client.is_https:
                raise Forbidden("Use https")
            if self._has_edge and not client.via_edge:
                self._past_the_edge()
        length = headers.get(b"content-length")
        if length is not None:
            if not length.isdigit():
                raise MalformedRequest("Content-Length is no number")
            if len(length) > _LENGTH_DIGITS_MAX or int(length) > self._body_bytes_max:
                raise PayloadTooLarge

    def _past_the_edge(self) -> None:
        measures.STANDING.past_the_edge += 1
        if self._edge_only:
            raise Forbidden

    async def _limit(self, call: Call, client: ClientAddress) -> None:
        # A provider pushes from a few addresses, in bursts: its news is bounded, but not like a phone.
        policy = "webhooks" if call.path.startswith(self._webhooks) else "default"
        standing = await self._limiter.hit(policy, client.bucket)
        limits.note(call.scope, standing)
        if not standing.allowed:
            raise RateLimited(retry_after_seconds=standing.reset_after_seconds)

    async def _end(self, call: Call, error: AppError) -> None:
        if call.status == 0:
            await call.refuse(error)
        else:
            # The status is sent: only a broken connection can still tell that this is no whole answer.
            raise ConnectionAbortedError("the answer broke off")


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
