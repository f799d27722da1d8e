"""Counters and gauges of outbound webhooks."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from cleanly.kernel.observe import METER
from cleanly.kernel.tally import Tally
from cleanly.platform.webhooks.outbound.rules import Outcome

_tries = METER.create_counter(
    "webhooks_outbound_deliveries", unit="{try}", description="Tries to deliver, by how they ended"
)
_seconds = Tally("webhooks_outbound_seconds", "How long receivers took", ())
_oldest = METER.create_gauge(
    "webhooks_outbound_oldest_age_seconds", unit="s", description="How long the oldest due delivery has been due"
)
_endpoints = METER.create_gauge("webhooks_outbound_endpoints", unit="{endpoint}", description="Endpoints, by state")
_recovered = METER.create_counter(
    "webhooks_outbound_recovered", unit="{delivery}", description="Deliveries taken up again from a lost dispatcher"
)


def count(ended: Sequence[tuple[Outcome, float]]) -> None:
    """These tries have ended so, and took so many seconds."""
    for outcome, tries in Counter(outcome for outcome, _ in ended).items():
        _tries.add(tries, {"outcome": outcome})
    for _, seconds in ended:
        _seconds.record((), seconds)


def count_recovered(deliveries: int) -> None:
    """So many were claimed by a dispatcher that is gone."""
    _recovered.add(deliveries)


def gauge_oldest(seconds: float) -> None:
    """0 when nothing is due."""
    _oldest.set(seconds)


def gauge_endpoints(state: Literal["on", "failing", "off"], endpoints: int) -> None:
    """How many there are in this state."""
    _endpoints.set(endpoints, {"state": state})
