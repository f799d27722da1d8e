"""Rate windows and what is said of them in headers. Pure: hits and time in, standing out.

A window opens with the first hit of a key and ends a fixed time later.
Headers: IETF draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
import re
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from cleanly.kernel.crypto import b64url, mac

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"(?P<limit>[0-9]{1,9})\s*(?:/|per)\s*(?P<windows>[0-9]{1,5})?\s*(?P<unit>second|minute|hour|day)s?")


@dataclass(frozen=True, slots=True)
class Policy:
    """So many hits in so many seconds; the name stands in the headers."""

    name: str
    limit: int
    window_seconds: int


class Standing(NamedTuple):  # a tuple: made for every request
    """Where a key stands after a hit. Waiting `reset_after_seconds` (whole, at least 1) makes the next one pass."""

    policy: str
    limit: int
    remaining: int
    reset_after_seconds: int
    window_seconds: int
    allowed: bool


def parse_rate(text: str) -> tuple[int, int]:
    """Hits and seconds of `100/minute` or `20 per 5 minutes`.

    Raises:
        ValueError: not of that form, several at once, or none allowed.
    """
    found = _RATE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("it is not of that form")
    limit, windows = int(found["limit"]), int(found["windows"] or 1)
    if limit < 1 or windows < 1:
        raise ValueError("a limit allows at least one call")
    return limit, windows * _SECONDS[found["unit"]]


def standing(policy: Policy, count: int, ends_after_seconds: float) -> Standing:
    """The verdict on the `count`th hit of a window that lasts so much longer."""
    limit = policy.limit
    return Standing(
        policy.name,
        limit,
        limit - count if count < limit else 0,
        max(1, math.ceil(ends_after_seconds)),
        policy.window_seconds,
        count <= limit,
    )


class Windows:
    """One policy's open windows in this process.

    Holds at most `keys_max`: at that number the oldest window makes room, and its key starts afresh. All windows of a
    policy last equally long, so the oldest is also the next to end, and nothing has to be swept.
    """

    def __init__(self, policy: Policy, keys_max: int) -> None:
        self._policy = policy
        self._keys_max = keys_max
        self._open: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def hit(self, key: str, now: float) -> Standing:
        """Count one hit at `now` (seconds of any clock)."""
        policy = self._policy
        found = self._open.get(key)
        if found is not None:
            count, ends_at = found
            # A second more, for sums of floats; beyond it the clock was set back, and the window would last too long.
            if 0 < ends_at - now <= policy.window_seconds + 1:
                # A key that shouts for hours must not grow its number without end.
                count = min(count + 1, policy.limit + 1)
                self._open[key] = (count, ends_at)
                return standing(policy, count, ends_at - now)
            del self._open[key]
        self._make_room(now)
        self._open[key] = (1, now + policy.window_seconds)
        return standing(policy, 1, policy.window_seconds)

    def _make_room(self, now: float) -> None:
        # Two out for each one in: ended windows go away faster than new ones come.
        for _ in range(2):
            if not self._open:
                return
            oldest = next(iter(self._open))
            if self._open[oldest][1] > now and len(self._open) < self._keys_max:
                return
            del self._open[oldest]


@lru_cache(maxsize=64)
def policy_header(policy: str, limit: int, window_seconds: int) -> str:
    """The value of RateLimit-Policy: `"default";q=100;w=60`."""
    return f'"{policy}";q={limit};w={window_seconds}'


def standing_header(now: Standing) -> str:
    """The value of RateLimit: `"default";r=99;t=60`."""
    return f'"{now.policy}";r={now.remaining};t={now.reset_after_seconds}'


def raw_headers(now: Standing) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """Both headers as ASGI sends them."""
    return (
        (b"ratelimit-policy", _policy_bytes(now.policy, now.limit, now.window_seconds)),
        (b"ratelimit", standing_header(now).encode()),
    )


@lru_cache(maxsize=64)
def _policy_bytes(policy: str, limit: int, window_seconds: int) -> bytes:
    return policy_header(policy, limit, window_seconds).encode()


def account_key(secret: bytes, email: str) -> str:
    """A key for an account that tells no address: a MAC of the e-mail as it is compared (NFC, case folded)."""
    plain = unicodedata.normalize("NFC", email.strip()).casefold()
    return b64url(mac(secret, plain.encode("utf-8", "surrogatepass"))[:18])
