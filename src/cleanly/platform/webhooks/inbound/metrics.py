"""Counters and gauges of provider news."""

from typing import Literal

from cleanly.kernel.observe import METER, from_zero

# At the door: stored, duplicate, ignored, bad_signature. Of a try to act on it: done, ignored, waiting, dead.
Outcome = Literal["stored", "duplicate", "ignored", "bad_signature", "done", "waiting", "dead"]

_PROVIDERS = ("stripe", "paypal", "google_play", "sandbox")
_events = from_zero(
    METER.create_counter("inbound_events", unit="{event}", description="Provider news, by what became of it"),
    *({"provider": name, "type": "unknown", "outcome": "bad_signature"} for name in _PROVIDERS),
)
_swept = METER.create_counter(
    "inbound_swept", unit="{event}", description="Events that the sweeper had to fetch: a rise means a broken endpoint"
)
_oldest = METER.create_gauge("inbound_oldest_seconds", unit="s", description="Age of the oldest event not acted on")
_dead = METER.create_gauge("inbound_dead", unit="{event}", description="Events that wait for a person")


def count(provider: str, event_type: str, outcome: Outcome) -> None:
    """One event has met one outcome. `event_type` is a verified one or `unknown`: a label must stay bounded."""
    _events.add(1, {"provider": provider, "type": event_type, "outcome": outcome})


def count_swept(provider: str, events: int) -> None:
    """So many events had never come by themselves."""
    _swept.add(events, {"provider": provider})


def gauge(*, oldest_seconds: float, dead: int) -> None:
    """What the inbox looks like now."""
    _oldest.set(oldest_seconds)
    _dead.set(dead)
