"""What is acted on, when it is tried again, what of a push is kept. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from cleanly.kernel.messages import ProviderEvent
from cleanly.kernel.module import InboundHandler

State = Literal["stored", "done", "ignored", "waiting", "dead"]
BODY_BYTES_MAX = 1024 * 1024
_FIRST_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
_LATER_DELAY = timedelta(hours=6)
_PATIENCE = timedelta(days=3)
# Parts of header names. A signature is none of them: it proves one message and opens nothing.
_SECRET_NAMES = ("authorization", "cookie", "secret", "token", "api-key", "password")
SWEEP_OVERLAP = timedelta(hours=1)
_SWEEP_PERIOD = timedelta(minutes=15)
SWEEP_REACH = timedelta(days=30)
SWEEP_LAG = timedelta(minutes=5)


def wrong_mode(*, event_is_live: bool, is_live: bool) -> str | None:
    """Why an event is ignored whose money is real where ours is not, or the other way round."""
    if event_is_live == is_live:
        return None
    return "a live event, but no live keys here" if event_is_live else "a test event, but live keys here"


def ignored_because(
    event: ProviderEvent, handler: InboundHandler | None, *, is_live: bool, account: str | None
) -> str | None:
    """Why nobody is asked about this event; None if `handler` is. `account`: ours at that provider, if it is here."""
    if (mode := wrong_mode(event_is_live=event.is_live, is_live=is_live)) is not None:
        return mode
    if handler is None:
        return f"nobody acts on news of kind {event.kind}"
    if not handler.is_for_every_account and event.account != account:
        return "of another account"
    return None


def retry_delay(failures: int) -> timedelta | None:
    """How long to wait after so many failed tries in a row (at least 1); None when three days have been spent.

    5 s, 30 s, 2 min, 10 min, 1 h, then every 6 h; the last try falls on the end of the third day.
    """
    if failures <= len(_FIRST_DELAYS):
        return _FIRST_DELAYS[failures - 1]
    waited = sum(_FIRST_DELAYS, timedelta()) + (failures - 1 - len(_FIRST_DELAYS)) * _LATER_DELAY
    left = _PATIENCE - waited
    return min(_LATER_DELAY, left) if left > timedelta() else None


def headers_to_keep(headers: Mapping[str, str]) -> dict[str, str]:
    """A push's headers without what might open a door."""
    return {name: value for name, value in headers.items() if not any(part in name.lower() for part in _SECRET_NAMES)}


def lock_of(provider: str, object_id: str, event_id: str) -> str:
    """By which jobs on one object run one at a time; an event about nothing stands for itself."""
    return f"inbound:{provider}:{object_id or event_id}"


def sweep_since(swept_until: datetime | None, *, now: datetime) -> datetime:
    """From when on a provider is asked for its events: an hour before where the last sweep ended, if ever one did.

    An outage of ours is thus covered, up to the 30 days for which providers remember.
    """
    start = (swept_until if swept_until is not None else now - _SWEEP_PERIOD) - SWEEP_OVERLAP
    return max(start, now - SWEEP_REACH)
