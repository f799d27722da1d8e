"""Payouts: money that leaves us for a seller's bank."""
