"""Have I Been Pwned by k-anonymity: five hex digits of a SHA-1 leave, the match is made here. Fails open.

The protocol: https://haveibeenpwned.com/API/v3#PwnedPasswords
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from typing import Protocol

from cleanly.kernel.net import Http
from cleanly.platform.passwords.rules import encoded

_PREFIX_LENGTH = 5
_BODY_BYTES_MAX = 256 * 1024
# Padding makes all answers alike in size, so that an onlooker can't tell the prefix from it.
_HEADERS: Mapping[str, str] = {"Add-Padding": "true"}

_log = logging.getLogger(__name__)


class Fetch(Protocol):
    """GET an address; the body of a 200 as text, anything else raised."""

    async def __call__(self, url: str, /, *, headers: Mapping[str, str]) -> str:
        """Fetch the address with these request headers."""
        ...


async def is_breached(password: str, *, fetch: Fetch, url: str, timeout_seconds: float) -> bool:
    """Whether the password is in the public breach collection; False, with a warning, if that can't be learnt."""
    digest = hashlib.sha1(encoded(password), usedforsecurity=False).hexdigest().upper()
    prefix, suffix = digest[:_PREFIX_LENGTH], digest[_PREFIX_LENGTH:]
    try:
        async with asyncio.timeout(timeout_seconds):
            body = await fetch(url + prefix, headers=_HEADERS)
    except Exception as error:  # noqa: BLE001  another company's outage, of any kind, must not stop registrations
        # The error's text may hold the address and so the prefix: its class is enough.
        _log.warning("password.breach_check_skipped", extra={"error": type(error).__name__})
        return False
    return _count(body, suffix) > 0


def _count(body: str, suffix: str) -> int:
    for line in body.splitlines():
        listed, _, count = line.strip().partition(":")
        # Padding lines carry random suffixes with the count 0.
        if listed.upper() == suffix and count.isdecimal():
            return int(count)
    return 0


def fetch_over(http: Http) -> Fetch:
    """A fetch over the kernel's outgoing HTTP. The address is the operator's own setting."""

    async def fetch(url: str, /, *, headers: Mapping[str, str]) -> str:
        answer = await http.get(url, headers=headers, body_bytes_max=_BODY_BYTES_MAX)
        if answer.status != 200:
            raise ValueError(f"answered {answer.status}")
        return answer.body.decode("ascii")

    return fetch
