"""How a subscription begins, where a provider bills it."""
