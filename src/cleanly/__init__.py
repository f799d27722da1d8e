"""Cleanly: the backend of a mobile marketplace. Accounts, sessions, payments, ledger, payouts, webhooks."""

__version__ = "0.1.0"
