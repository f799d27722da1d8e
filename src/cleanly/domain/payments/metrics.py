"""Counters of payments by outcome."""

from cleanly.kernel.observe import METER

PAYMENTS = METER.create_counter("payments", description="Payments by provider and outcome")
REFUNDS = METER.create_counter("refunds", description="Refunds by provider and outcome")
MISMATCHES = METER.create_counter("payment_mismatches", description="Snapshots whose money is not ours: nothing posted")
