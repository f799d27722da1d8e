"""Looking after subscriptions: what is due, what was given back."""
