"""Counters of sellers' accounts by outcome."""

from cleanly.kernel.observe import METER

ACCOUNTS = METER.create_counter("payout_accounts", description="Sellers' accounts asked for, by provider and outcome")
