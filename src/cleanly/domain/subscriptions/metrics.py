"""What is counted of subscriptions."""

from cleanly.kernel.observe import METER

MOVES = METER.create_counter("subscriptions", description="What became of subscriptions, by provider and outcome")
MISMATCHES = METER.create_counter(
    "subscription_mismatches", description="Invoices of another amount than ours: nothing was booked"
)
UNACKNOWLEDGED = METER.create_gauge(
    "play_unacknowledged_oldest_seconds", description="How long the oldest Play purchase waits to be acknowledged"
)
