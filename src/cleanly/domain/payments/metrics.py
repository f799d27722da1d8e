"""Counters of payments by outcome."""

from cleanly.kernel.observe import METER

PAYMENTS = METER.create_counter("payments", description="Payments by provider and outcome")
REFUNDS = METER.create_counter("refunds", description="Refunds by provider and outcome")
MISMATCHES = METER.create_counter("payment_mismatches", description="Snapshots whose money is not ours: nothing posted")
_unknown = METER.create_gauge("payments_unknown", description="Payments and refunds of which nobody knows the outcome")
_oldest = METER.create_gauge(
    "payments_unknown_oldest_seconds", unit="s", description="For how long the oldest of them has been in doubt"
)


def unknown(count: int, *, oldest_seconds: float) -> None:
    """What is in doubt now."""
    _unknown.set(count)
    _oldest.set(oldest_seconds)
