"""What a run is asked to do, from its variables, and which service it may ask. Pure."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

USERS_MAX, RATE_MAX, SECONDS_MAX = 2_000, 2_000.0, 1_800.0


class Refused(ValueError):
    """This run is not made; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`rate`: calls a second that all phones together are to make. `bad_share`: how many of them have a bad network."""

    url: str
    users: int
    rate: float
    seconds: float
    bad_share: float
    seed: int

    @property
    def has_bad_networks(self) -> bool:
        """The faults are put into the bytes between phone and service, so only where those are not encrypted."""
        return self.bad_share > 0 and self.url.startswith("http://")


def read(variables: Mapping[str, str]) -> Plan:
    """The plan that the variables ask for.

    Raises:
        Refused: a value out of bounds, or a service that is not this machine's and was not named by the operator.
    """
    url = _allowed(variables.get("LOAD_URL") or "http://localhost:3000", variables.get("LOAD_TARGET_ALLOWED") or "")
    rate = _number(variables, "LOAD_RATE", 20, at_most=RATE_MAX)
    return Plan(
        url=url,
        users=int(_number(variables, "LOAD_USERS", min(2 * rate, USERS_MAX), at_most=USERS_MAX)),
        rate=rate,
        seconds=_number(variables, "LOAD_SECONDS", 60, at_most=SECONDS_MAX),
        bad_share=_number(variables, "LOAD_BAD_SHARE", 0.3, at_least=0, at_most=1),
        seed=int(_number(variables, "LOAD_SEED", 1, at_most=2**31)),
    )


def _allowed(url: str, named: str) -> str:
    """The address, if it is this machine or the one host that the operator has named beside it.

    A load test against somebody else's service is an attack, and against one's own production an outage.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.path.strip("/") or parts.query:
        raise Refused(f"LOAD_URL is the service's origin, such as http://localhost:3000, not {url}")
    if not _is_loopback(host):
        if named.lower() != host:
            raise Refused(
                f"{host} is not this machine: to load a staging service of your own, set LOAD_TARGET_ALLOWED={host}"
            )
        if parts.scheme != "https":
            raise Refused(f"{host} is not this machine: phones' passwords go there by https only")
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _number(variables: Mapping[str, str], name: str, default: float, *, at_least: float = 1, at_most: float) -> float:
    text = variables.get(name) or str(default)
    try:
        value = float(text)
    except ValueError as error:
        raise Refused(f"{name} is a number, not {text}") from error
    if not at_least <= value <= at_most:
        raise Refused(f"{name} is between {at_least:g} and {at_most:g}, not {text}")
    return value
