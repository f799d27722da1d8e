"""Which addresses may be called: judged by the URL before the call, and at the socket after resolution (SSRF).

A name is thus judged by the addresses it really led to, so a second DNS answer can't differ from the checked one; and
an address written as a number in the URL, which never meets a resolver, is checked as well.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from yarl import URL

from cleanly.kernel.address import IPAddress, IPNetwork

SocketFactory = Callable[[tuple[Any, ...]], socket.socket]

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


class NotPublic(OSError):
    """An OSError, because that is what the connector expects of a socket that can't be had."""

    def __init__(self) -> None:
        # One text for all, so that several refused addresses are reported as one refusal of this type.
        super().__init__("not a public address")


@dataclass(frozen=True, slots=True)
class Guard:
    """Which addresses may be called. `ports`: None means any.

    `loopback`: this machine as well, on any port and by plain http: for development alone.
    """

    schemes: frozenset[str]
    ports: frozenset[int] | None
    public_only: bool
    credentials: bool
    loopback: bool = False

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
        is_home = self.loopback and url.scheme in {"http", "https"} and _is_loopback(host)
        if url.scheme not in self.schemes and not is_home:
            raise NetForbidden(f"the scheme must be {' or '.join(sorted(self.schemes))}")
        if not host:
            raise NetForbidden("the URL has no host")
        if not self.credentials and (url.raw_user or url.raw_password):
            raise NetForbidden("the URL carries credentials")
        if self.ports is not None and port not in self.ports and not is_home:
            raise NetForbidden(f"the port must be {' or '.join(map(str, sorted(self.ports)))}")
        return url

    def socket_factory(self) -> SocketFactory | None:
        """What makes the socket for one resolved address, or raises `NotPublic`; None where any address will do."""
        return self._socket if self.public_only else None

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, where = info
        # A zone (`%eth0`) marks a link-local address, and only those.
        address = ipaddress.ip_address(cast("str", where[0]).partition("%")[0])
        if not (is_public(address) or (self.loopback and address.is_loopback)):
            raise NotPublic
        return socket.socket(family=family, type=kind, proto=protocol)


TO_ANYONE = Guard(frozenset({"https"}), frozenset({443, 8443}), public_only=True, credentials=False)
TO_ANYONE_OR_HOME = replace(TO_ANYONE, loopback=True)
TO_KNOWN = Guard(frozenset({"http", "https"}), None, public_only=False, credentials=True)


def is_public(address: IPAddress) -> bool:
    """Whether the address is a stranger's on the open internet; an IPv4-mapped one is judged as IPv4."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)


def _is_loopback(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
