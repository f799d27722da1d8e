"""Figures of the holds."""

from cleanly.kernel.observe import METER

RELEASED = METER.create_counter("holds_released", description="Holds released")
UNCOVERED = METER.create_counter("holds_uncovered", description="Due holds that the seller's balance does not cover")
DIFFERENCES = METER.create_gauge(
    "holds_differences", description="Balances that rest and are not the sum of their open holds: never any"
)
OVERDUE = METER.create_gauge(
    "holds_overdue", description="Holds whose time is over, by what they wait for: the provider's line, or a release"
)
