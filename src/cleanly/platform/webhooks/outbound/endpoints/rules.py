"""The limits of an endpoint's settings. Pure."""

import ipaddress

from cleanly.kernel.guard import TO_ANYONE, TO_ANYONE_OR_HOME, Guard, NetForbidden, is_public

URL_LENGTH_MAX = 2048
EVENT_TYPES_MAX = 50
EVENT_TYPE_LENGTH_MAX = 100
DESCRIPTION_LENGTH_MAX = 500
RATE_PER_MINUTE_MAX = 60_000
OVERLAP_HOURS_MAX = 168
OVERLAP_HOURS_DEFAULT = 24
# Every one of them signs every message, and stands in its header.
KEYS_MAX = 8


def guard(*, loopback: bool) -> Guard:
    """Who may be called: anyone on the open internet, and in development this machine."""
    return TO_ANYONE_OR_HOME if loopback else TO_ANYONE


def url_fault(url: str, judge: Guard) -> str | None:
    """Why we would never call this address, as far as its text tells; where its name leads is judged at each call."""
    if not url.isprintable() or " " in url:
        return "the URL has characters that no URL has"
    try:
        host = judge.admit(url).host or ""
    except NetForbidden as refusal:
        return str(refusal)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if is_public(address) or (judge.loopback and address.is_loopback):
        return None
    return "the address is not public"


def without_doubles(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each once, in the order given."""
    return tuple(dict.fromkeys(names))
