"""Outgoing HTTP: every call has a deadline, every answer a size limit, and strangers' addresses a guard (SSRF)."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple, NoReturn, cast

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver
from yarl import URL

from cleanly.kernel import tracing
from cleanly.kernel.guard import TO_ANYONE, TO_KNOWN, Guard, NetError, NetForbidden, NotPublic, is_public

__all__ = [
    "TO_ANYONE", "TO_KNOWN", "Answer", "Guard", "Http", "NetBroken", "NetError", "NetForbidden", "NetRefused",
    "NetTimeout", "NetTooLarge", "Receipt", "called_address", "is_public", "trusted_tls",
]  # fmt: skip

BODY_BYTES_MAX = 1024 * 1024
DEADLINE_SECONDS = 5.0
_CONNECTIONS_MAX = 100
_CONNECTIONS_PER_HOST_MAX = 20
_CHUNK_BYTES = 64 * 1024
_URLS_KEPT = 4096


class NetRefused(NetError):
    """No connection: unknown name, closed port, bad certificate. Nothing was sent."""


class NetBroken(NetError):
    """The connection broke or talked nonsense after it was made. The other side may have acted on the request."""


class NetTimeout(NetError):
    """The deadline passed. The other side may have acted on the request."""


class NetTooLarge(NetError):
    """The answer is above the limit; it was not read to its end. The other side has acted on the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, whatever its status; redirects are answers too. `headers`: lower-case names, repeats joined."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def trusted_tls() -> ssl.SSLContext:
    """Verify servers against certifi's roots, the same on every machine. Built once: it takes tens of milliseconds."""
    return ssl.create_default_context(cafile=certifi.where())


class Receipt(NamedTuple):  # a tuple: made for every delivery
    """What came of handing something over; `head`: as much of the body as was asked for; `address`: who was called."""

    status: int
    headers: Mapping[str, str]
    head: bytes
    address: str | None


# Set in the task that calls, when its connection is known: told by an error too, which has no response to ask.
_peer: ContextVar[str | None] = ContextVar("cleanly_peer", default=None)


def called_address() -> str | None:
    """Whom this task's last `hand_over` was connected to, though no answer came; None if to nobody."""
    return _peer.get()


class _Response(aiohttp.ClientResponse):
    """A response that notes whom it comes from: an answer without a body gives its connection back at once."""

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        transport = connection.transport
        peer = cast("tuple[str, int] | None", transport.get_extra_info("peername") if transport is not None else None)
        _peer.set(peer[0] if peer else None)
        return await super().start(connection)


class Http:
    """Calls other services over one pool of connections. No cookies, no proxies from the environment: `close` it.

    Use `to_anyone` for an address that a stranger gave, `to_known` for one that the operator configured.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        connections_max: int = _CONNECTIONS_MAX,
        connections_per_host_max: int = _CONNECTIONS_PER_HOST_MAX,
    ) -> None:
        """`tls` and `resolver` replace certifi's roots and the machine's resolver."""
        self._admit = lru_cache(maxsize=_URLS_KEPT)(guard.admit)
        self._limits = (connections_max, connections_per_host_max)
        self._guard = guard
        self._tls = tls
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def to_anyone(cls) -> "Http":
        """Https to public addresses only, on 443 and 8443."""
        return cls(TO_ANYONE)

    @classmethod
    def to_known(cls) -> "Http":
        """Hosts from the settings: loopback and private networks too."""
        return cls(TO_KNOWN)

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> Answer:
        """Fetch; the deadline covers everything from the name look-up to the last byte.

        Raises:
            NetError: no answer; the subclass says whether anything was sent.
        """
        async with self._call("GET", url, None, headers, deadline_seconds) as response:
            return await _answer(response, body_bytes_max)

    async def delete(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> Answer:
        """Have something ended; never repeated by itself.

        Raises:
            NetError: as `get`.
        """
        async with self._call("DELETE", url, None, headers, deadline_seconds) as response:
            return await _answer(response, body_bytes_max)

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> Answer:
        """Send a body; never repeated by itself.

        Raises:
            NetError: as `get`.
        """
        async with self._call("POST", url, body, headers, deadline_seconds) as response:
            return await _answer(response, body_bytes_max)

    async def hand_over(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        deadline_seconds: float,
        head_bytes: int,
        within: AbstractContextManager[object] | None = None,
    ) -> Receipt:
        """Send a body of which only the status matters: a longer answer than `head_bytes` is cut off there.

        `within` ends its block by TimeoutError after `deadline_seconds`, for callers with a cheaper timer than ours.

        Raises:
            NetError: as `get`, except that no answer is too large. `called_address` tells whom it was sent to.
        """
        _peer.set(None)
        target = self._admit(url)
        try:
            if within is None:
                async with asyncio.timeout(deadline_seconds):
                    return await self._hand(target, body, headers, head_bytes)
            with within:
                return await self._hand(target, body, headers, head_bytes)
        except (TimeoutError, aiohttp.ClientError) as error:
            _translate(target, error, deadline_seconds)

    async def _hand(self, url: URL, body: bytes, headers: Mapping[str, str], head_bytes: int) -> Receipt:
        response = await self._open().request("POST", url, data=body, headers=headers, allow_redirects=False)
        try:
            head = await _head(response, head_bytes)
        finally:
            response.release()
        return Receipt(response.status, _headers(response), head, _peer.get())

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _call(
        self, method: str, text: str, body: bytes | None, headers: Mapping[str, str] | None, deadline_seconds: float
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        url = self._admit(text)
        # To services that the operator has named; which trace it was is no stranger's business.
        if self._guard is TO_KNOWN and (trace := tracing.traceparent()) is not None:
            headers = {**(headers or {}), "traceparent": trace}
        try:
            async with (
                asyncio.timeout(deadline_seconds),
                self._open().request(method, url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                yield response
        except (TimeoutError, aiohttp.ClientError) as error:
            _translate(url, error, deadline_seconds)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._tls or trusted_tls(),
                resolver=self._resolver,
                socket_factory=self._guard.socket_factory(),
                limit=self._limits[0],
                limit_per_host=self._limits[1],
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                response_class=_Response,
                timeout=aiohttp.ClientTimeout(total=None),  # the deadline above is exact; aiohttp rounds its own up
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "cleanly"},
                trust_env=False,
            )
        return self._session


async def _answer(response: aiohttp.ClientResponse, body_bytes_max: int) -> Answer:
    host = response.url.host
    if (response.content_length or 0) > body_bytes_max:
        response.close()
        raise NetTooLarge(f"{host} announced more than {body_bytes_max} bytes")
    content = bytearray()
    # Counted after decompression, chunk by chunk, so that a small packed answer can't grow without bound.
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        content += chunk
        if len(content) > body_bytes_max:
            response.close()  # and don't return to the pool a connection that is still full
            raise NetTooLarge(f"{host} sent more than {body_bytes_max} bytes")
    return Answer(response.status, _headers(response), bytes(content))


async def _head(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    content = b""
    while len(content) < bytes_max:
        content += await response.content.read(bytes_max - len(content))
        if response.content.at_eof():
            return content
    response.close()  # and don't return to the pool a connection that is still full
    return content


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _translate(url: URL, error: TimeoutError | aiohttp.ClientError, deadline_seconds: float) -> NoReturn:
    if isinstance(error, TimeoutError):  # aiohttp's own time-outs are TimeoutErrors as well
        raise NetTimeout(f"{url.host} gave no whole answer within {deadline_seconds:g} s") from error
    name = type(error).__name__
    if isinstance(error, aiohttp.InvalidURL):
        raise NetForbidden("not a URL") from None
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        raise NetRefused(f"{url.host} has no certificate that we trust") from error
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, NotPublic):
            raise NetForbidden(f"{url.host} leads to an address that is not public") from error
        raise NetRefused(f"{url.host} can't be reached ({name})") from error
    cause = None if isinstance(error, aiohttp.ClientResponseError) else error  # that one's text holds the URL
    raise NetBroken(f"{url.host} broke off ({name})") from cause
