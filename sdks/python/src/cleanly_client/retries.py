"""When to try again, and after how long. Pure: an outcome and a chance in, seconds out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cleanly_client.errors import BadAnswer, CleanlyError, Refused

RETRIES_MAX = 3
_FIRST_SECONDS = 0.5
_SECONDS_MAX = 8.0
# Statuses whose cause passes by itself; of the 4xx only these can change without the caller's doing.
_PASSING = frozenset({429, 500, 502, 503, 504})
_PASSING_CODES = frozenset({"IDEMPOTENCY_IN_PROGRESS"})


def wait_seconds(outcome: CleanlyError, attempt: int, *, chance: float) -> float | None:
    """How long to wait after the `attempt`th try (from 1); None: it would be of no use.

    Exponential with full jitter, and never shorter than the service, or what stands before it, asked for.
    """
    if attempt > RETRIES_MAX or not passes(outcome):
        return None
    backoff = chance * min(_SECONDS_MAX, _FIRST_SECONDS * 2.0**attempt)
    asked = outcome.retry_after if isinstance(outcome, Refused | BadAnswer) else None
    return max(backoff, asked or 0.0)


def passes(outcome: CleanlyError) -> bool:
    """Whether the same call may fare better later. What is no refusal is no answer, and that passes."""
    return not isinstance(outcome, Refused) or outcome.status in _PASSING or outcome.code in _PASSING_CODES


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Retry-After (RFC 9110 section 10.2.3) in seconds from now; None if it is absent or makes no sense."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    if at is None:
        return None
    return max(
        0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.fromtimestamp(now, UTC).timestamp()
    )
