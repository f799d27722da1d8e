"""Payments that a provider takes by itself, period after period: booked once they are paid."""
