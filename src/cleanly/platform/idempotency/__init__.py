"""Idempotency keys: a POST or PUT that is sent again takes effect once and gets the same answer."""
