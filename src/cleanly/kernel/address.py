"""Whose call it is by address: which hop to believe, and the bucket that limits and keys count by."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cleanly.kernel.crypto import same

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# The longest address in text is 45 characters; with brackets, a zone and a port it stays well below this.
_TEXT_MAX = 100
# Hops are read from the right, and a chain of trusted ones this long is none of ours.
_HOPS_MAX = 32


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
            ValueError: one of them is neither, or a secret is empty (any caller could send that one).
        """
        if not all(edge_secrets):
            raise ValueError("an edge secret is empty")
        self._trusted = tuple(network(text) for text in trusted_proxies)
        self._edge_secrets = tuple(secret.encode() for secret in edge_secrets)
        # A proxy's few addresses are asked about on every request.
        self._is_trusted: Callable[[str], bool] = lru_cache(maxsize=4_096)(self._judge)

    def resolve(self, peer: str | None, scheme: str, headers: Mapping[bytes, bytes]) -> ClientAddress:
        """The client behind this request. `headers`: lower-case names; of a repeated one, all values joined."""
        hop, is_https = peer or "", scheme == "https"
        via_edge = bool(self._edge_secrets) and self._is_edge(headers.get(b"x-edge-secret"))
        believed = bool(self._trusted) and self._is_trusted(hop)
        if not via_edge and not believed:
            return _client(hop, is_https, False)
        if believed:
            hop = self._rightmost_untrusted(headers.get(b"x-forwarded-for", b"")) or hop
        if via_edge:
            told = _text(headers.get(b"cf-connecting-ip", b""))
            hop = told if parse(told) else hop
        forwarded = headers.get(b"x-forwarded-proto", b"").rpartition(b",")[2].strip().lower()
        # The edge reaches us by TLS only; a hop between it and us that ends the TLS says so in the header.
        is_https = forwarded == b"https" if forwarded else is_https or via_edge
        return _client(hop, is_https, via_edge)

    def _is_edge(self, sent: bytes | None) -> bool:
        if sent is None:
            return False
        # No short cut: every accepted value is compared.
        return any([same(sent, secret) for secret in self._edge_secrets])  # noqa: C419

    def _judge(self, text: str) -> bool:
        address = parse(text)
        return address is not None and any(
            address.version == trusted.version and address in trusted for trusted in self._trusted
        )

    def _rightmost_untrusted(self, forwarded_for: bytes) -> str | None:
        hops = forwarded_for.rsplit(b",", _HOPS_MAX)[-_HOPS_MAX:]
        for hop in map(_text, reversed(hops)):
            if not hop or self._is_trusted(hop):
                continue
            # What stands left of a lie can't be believed either.
            return hop if parse(hop) else None
        return None


def network(text: str) -> IPNetwork:
    """A network in CIDR form, or a single address; an IPv4-mapped one as IPv4, because peers are compared so.

    Raises:
        ValueError: it is neither.
    """
    found = ipaddress.ip_network(text, strict=False)
    if isinstance(found, ipaddress.IPv6Network) and found.prefixlen >= 96:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, found.prefixlen - 96))
    return found


# Reading an address costs ten times what all the rest of a resolution does, and callers come back.
@lru_cache(maxsize=16_384)
def parse(text: str) -> IPAddress | None:
    """An address, an IPv4-mapped one as IPv4; None if it is no address. A port or zone beside it is dropped."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # some proxies write IPv4 with the port
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def bucket(address: IPAddress) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return f"{ipaddress.IPv6Address(int(address) >> 64 << 64)}/64"


def _text(value: bytes) -> str:
    return value.strip().decode("latin-1")[:_TEXT_MAX]


@lru_cache(maxsize=16_384)
def _client(text: str, is_https: bool, via_edge: bool) -> ClientAddress:  # noqa: FBT001 - lru_cache is faster so
    address = parse(text)
    if address is None:
        return ClientAddress(text="unknown", bucket="unknown", is_https=is_https, via_edge=via_edge)
    return ClientAddress(text=str(address), bucket=bucket(address), is_https=is_https, via_edge=via_edge)
