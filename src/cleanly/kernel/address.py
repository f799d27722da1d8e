"""Whose call it is by address: which hop to believe, and the bucket that limits and keys count by."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cleanly.kernel.crypto import same

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """A client's address; `bucket` is the address itself, or the /64 of an IPv6 one (a household's worth)."""

    text: str
    bucket: str
    is_https: bool
    via_edge: bool = False


class AddressRules:
    """Which peers may speak for others. With no proxies and no secret, only the socket is believed."""

    def __init__(self, trusted_proxies: Sequence[str], edge_secrets: Sequence[str]) -> None:
        """`trusted_proxies`: addresses or networks in CIDR form.

        Raises:
            ValueError: one of them is neither.
        """
        self._trusted: tuple[IPNetwork, ...] = tuple(
            ipaddress.ip_network(text, strict=False) for text in trusted_proxies
        )
        self._edge_secrets = tuple(secret.encode() for secret in edge_secrets)
        self._plain: dict[tuple[str, str], ClientAddress] = {}

    def resolve(self, peer: str | None, scheme: str, headers: dict[bytes, bytes]) -> ClientAddress:
        """The client behind this request. `headers`: lower-case names; of a repeated one, all values joined."""
        via_edge = self._is_edge(headers.get(b"x-edge-secret"))
        believed = bool(self._trusted) and peer is not None and self._is_trusted(parse(peer))
        if not via_edge and not believed:
            return self._socket(peer or "", scheme)
        hop, is_https = peer or "", scheme == "https"
        if believed:
            hop = self._rightmost_untrusted(headers.get(b"x-forwarded-for", b"")) or hop
            forwarded = headers.get(b"x-forwarded-proto", b"").split(b",")[-1].strip()
            is_https = forwarded == b"https" if forwarded else is_https
        if via_edge:
            told = headers.get(b"cf-connecting-ip", b"").decode("latin-1").strip()
            hop = told if parse(told) else hop
            is_https = True if b"x-forwarded-proto" not in headers else is_https
        return _client(hop, is_https=is_https, via_edge=via_edge)

    def _socket(self, peer: str, scheme: str) -> ClientAddress:
        key = (peer, scheme)
        found = self._plain.get(key)
        if found is None:
            if len(self._plain) >= 10_000:
                self._plain.clear()
            found = self._plain[key] = _client(peer, is_https=scheme == "https", via_edge=False)
        return found

    def _is_edge(self, sent: bytes | None) -> bool:
        if sent is None:
            return False
        # No short cut: every accepted value is compared.
        return any([same(sent, secret) for secret in self._edge_secrets])

    def _is_trusted(self, address: IPAddress | None) -> bool:
        return address is not None and any(
            address.version == network.version and address in network for network in self._trusted
        )

    def _rightmost_untrusted(self, forwarded_for: bytes) -> str | None:
        hops = [hop.strip() for hop in forwarded_for.decode("latin-1").split(",") if hop.strip()]
        for hop in reversed(hops):
            address = parse(hop)
            if address is None:  # what stands left of a lie can't be believed either
                return None
            if not self._is_trusted(address):
                return str(address)
        return None


def parse(text: str) -> IPAddress | None:
    """An address, an IPv4-mapped one as IPv4; None if it is no address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _client(text: str, *, is_https: bool, via_edge: bool) -> ClientAddress:
    address = parse(text)
    if address is None:
        return ClientAddress(text="unknown", bucket="unknown", is_https=is_https, via_edge=via_edge)
    return ClientAddress(text=str(address), bucket=bucket(address), is_https=is_https, via_edge=via_edge)


def bucket(address: IPAddress) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
