"""Money that goes out: what sellers have with us, and what happened to it."""
