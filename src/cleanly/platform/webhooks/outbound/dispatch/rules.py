"""When a delivery is tried again, what an answer means, when an endpoint is given up. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from cleanly.platform.webhooks.outbound.rules import Outcome, Told

# How long after the try before it each try is made: the first at once, ten in all.
SCHEDULE = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2
PATIENT_WAIT = timedelta(seconds=60)
ANSWER_BYTES_MAX = 16 * 1024
HEADERS_MAX = 40
HEADER_LENGTH_MAX = 500
GONE = 410
_BUSY = 429
_RETRY_AFTER_MAX = timedelta(days=3)
_HIDDEN = frozenset({"set-cookie", "www-authenticate", "authorization", "proxy-authenticate"})

FAILING_TRIES = 4
STILL_FAILING = timedelta(hours=24)
DISABLE_AFTER = timedelta(days=5)
DISABLE_FAILURES_MIN = 20
DISABLE_SPREAD_MIN = timedelta(hours=12)


def is_success(status: int) -> bool:
    """2xx alone: a redirect is never followed, and so never a delivery."""
    return 200 <= status <= 299


def wants_patience(outcome: Outcome, status: int | None) -> bool:
    """Whether the receiver is overloaded by its own word, or by its silence."""
    return outcome == "timeout" or status == _BUSY


def retry_delay(
    tries: int, *, jitter: float, retry_after: timedelta | None = None, patient: bool = False
) -> timedelta | None:
    """How long to wait after the `tries`-th try in a row has failed (at least 1); None: that was the last.

    `jitter`: chance from -1 to 1, worth a fifth of the wait. What the receiver asked for is honoured from the
    schedule's wait up to twice that. `patient`: at least a minute.
    """
    if tries >= len(SCHEDULE):
        return None
    base = max(SCHEDULE[tries], PATIENT_WAIT) if patient else SCHEDULE[tries]
    delay = base * (1 + JITTER * jitter)
    if retry_after is not None:
        delay = min(max(retry_after, base), 2 * base)
    return max(delay, PATIENT_WAIT) if patient else delay


def retry_after_of(value: str | None, *, now: datetime) -> timedelta | None:
    """The header Retry-After: seconds, or a date (RFC 9110 section 10.2.3); None if it is neither, or past."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:7])), _RETRY_AFTER_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - now
    return min(wait, _RETRY_AFTER_MAX) if wait > timedelta() else None


def headers_to_keep(headers: Mapping[str, str]) -> dict[str, str]:
    """An answer's headers as they are shown: bounded, storable, without what might open a door."""
    return {
        _plain(name)[:100]: _plain(value)[:HEADER_LENGTH_MAX]
        for name, value in list(headers.items())[:HEADERS_MAX]
        if name not in _HIDDEN
    }


def _plain(text: str) -> str:
    # Bytes that are no UTF-8 come as half surrogate pairs, which PostgreSQL can't keep.
    return text if text.isascii() and "\0" not in text else text.encode("ascii", "replace").decode().replace("\0", "?")


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint stands after failures, these included."""

    first_failure_at: datetime
    failures: int
    told: Told


def verdict(health: Health, *, failed_tries: int, now: datetime) -> Told:
    """How much its owner should know by now. `failed_tries`: of the message that has failed most often in a row.

    DISABLED: it is given up. Five days without a success alone don't suffice: a shop that gets one message a week
    and missed one is not dead.
    """
    failing_for = now - health.first_failure_at
    if (
        failing_for >= max(DISABLE_AFTER, DISABLE_SPREAD_MIN)
        and health.failures >= DISABLE_FAILURES_MIN
        and health.told < Told.DISABLED
    ):
        return Told.DISABLED
    if failing_for >= STILL_FAILING:
        return max(health.told, Told.STILL_FAILING)
    if failed_tries >= FAILING_TRIES:
        return max(health.told, Told.FAILING)
    return health.told


def milliseconds(seconds: float) -> int:
    """A duration as it is stored."""
    return max(0, math.ceil(seconds * 1000))
