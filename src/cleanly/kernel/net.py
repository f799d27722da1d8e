"""Outgoing HTTP: every call has a deadline, every answer a size limit, and strangers' addresses a guard (SSRF).

The guard stands where the socket is made, after resolution: a name is checked by the addresses it really led to, so
a second DNS answer can't differ from the checked one, and an address written as a number in the URL, which never
meets a resolver, is checked as well.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn, cast

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver
from yarl import URL

from cleanly.kernel.address import IPAddress, IPNetwork

BODY_BYTES_MAX = 1024 * 1024
DEADLINE_SECONDS = 5.0
_CONNECTIONS_MAX = 100
_CONNECTIONS_PER_HOST_MAX = 20
_CHUNK_BYTES = 64 * 1024

# Python's `is_global` lets NAT64, 6to4, multicast and site-local addresses through, and knows no cloud's own
# addresses, so the lists are ours: the IANA special-purpose registries, and what hosts answer on inside a cloud.
_CLOSED_V4: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network; Linux connects to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' shared space; Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's platform address
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# All that is allotted lies here: what is outside needs no naming (loopback, fc00::/7, fe80::/10, fec0::/10, ff00::/8,
# 64:ff9b::/96 and 64:ff9b:1::/48, which a NAT64 gateway would turn into any IPv4 address).
_OPEN_V6 = ipaddress.ip_network("2000::/3")
_CLOSED_V6: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo (2001::/32) carries IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries IPv4 addresses
        "3fff::/20",  # documentation
    )
)


class NetError(Exception):
    """An outgoing call that brought no answer. The text names the host, never the path, the query or a secret."""


class NetForbidden(NetError):
    """We don't call that: the scheme, the port, credentials in the URL, an address that is not public, or no URL."""


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


@dataclass(frozen=True, slots=True)
class Guard:
    """Which addresses may be called. `ports`: None means any."""

    schemes: frozenset[str]
    ports: frozenset[int] | None
    public_only: bool
    credentials: bool

    def admit(self, text: str) -> URL:
        """Read the URL. The address it leads to is judged later, when it is known.

        Raises:
            NetForbidden: not a URL, or one that this guard does not let out.
        """
        try:
            url = URL(text)
            host, port = url.host, url.port
        except ValueError:
            raise NetForbidden("not a URL") from None  # its text holds the URL, whose query may be secret
        if url.scheme not in self.schemes:
            raise NetForbidden(f"the scheme must be {' or '.join(sorted(self.schemes))}")
        if not host:
            raise NetForbidden("the URL has no host")
        if not self.credentials and (url.raw_user or url.raw_password):
            raise NetForbidden("the URL carries credentials")
        if self.ports is not None and port not in self.ports:
            raise NetForbidden(f"the port must be {' or '.join(map(str, sorted(self.ports)))}")
        return url


TO_ANYONE = Guard(frozenset({"https"}), frozenset({443, 8443}), public_only=True, credentials=False)
TO_KNOWN = Guard(frozenset({"http", "https"}), None, public_only=False, credentials=True)


def is_public(address: IPAddress) -> bool:
    """Whether the address is a stranger's on the open internet; an IPv4-mapped one is judged as IPv4."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)


@cache
def trusted_tls() -> ssl.SSLContext:
    """Verify servers against certifi's roots, the same on every machine. Built once: it takes tens of milliseconds."""
    return ssl.create_default_context(cafile=certifi.where())


class _NotPublic(OSError):
    """An OSError, because that is what the connector expects of a socket that can't be had."""

    def __init__(self) -> None:
        # One text for all, so that several refused addresses are reported as one refusal of this type.
        super().__init__("not a public address")


class Http:
    """Calls other services over one pool of connections. No cookies, no proxies from the environment: `close` it.

    Use `to_anyone` for an address that a stranger gave, `to_known` for one that the operator configured.
    """

    def __init__(
        self, guard: Guard, *, tls: ssl.SSLContext | None = None, resolver: AbstractResolver | None = None
    ) -> None:
        """`tls` and `resolver` replace certifi's roots and the machine's resolver."""
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

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _call(
        self, method: str, text: str, body: bytes | None, headers: Mapping[str, str] | None, deadline_seconds: float
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        url = self._guard.admit(text)
        try:
            async with (
                asyncio.timeout(deadline_seconds),
                self._open().request(method, url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                yield response
        except TimeoutError as error:  # aiohttp's own time-outs are TimeoutErrors as well
            raise NetTimeout(f"{url.host} gave no whole answer within {deadline_seconds:g} s") from error
        except aiohttp.ClientError as error:
            _translate(url, error)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._tls or trusted_tls(),
                resolver=self._resolver,
                socket_factory=_public_socket if self._guard.public_only else None,
                limit=_CONNECTIONS_MAX,
                limit_per_host=_CONNECTIONS_PER_HOST_MAX,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None),  # the deadline above is exact; aiohttp rounds its own up
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "cleanly"},
                trust_env=False,
            )
        return self._session


def _public_socket(info: tuple[Any, ...]) -> socket.socket:
    """Make the socket for one resolved address, or refuse.

    Raises:
        OSError: the address is not public.
    """
    family, kind, protocol, _, where = info
    # A zone (`%eth0`) marks a link-local address, and only those.
    address = ipaddress.ip_address(cast("str", where[0]).partition("%")[0])
    if not is_public(address):
        raise _NotPublic
    return socket.socket(family=family, type=kind, proto=protocol)


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
    headers = {name.lower(): ", ".join(response.headers.getall(name)) for name in response.headers}
    return Answer(response.status, headers, bytes(content))


def _translate(url: URL, error: aiohttp.ClientError) -> NoReturn:
    name = type(error).__name__
    if isinstance(error, aiohttp.InvalidURL):
        raise NetForbidden("not a URL") from None
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        raise NetRefused(f"{url.host} has no certificate that we trust") from error
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, _NotPublic):
            raise NetForbidden(f"{url.host} leads to an address that is not public") from error
        raise NetRefused(f"{url.host} can't be reached ({name})") from error
    cause = None if isinstance(error, aiohttp.ClientResponseError) else error  # that one's text holds the URL
    raise NetBroken(f"{url.host} broke off ({name})") from cause
