"""Stripe: payments by PaymentIntents, refunds, disputes, its books and its events."""
