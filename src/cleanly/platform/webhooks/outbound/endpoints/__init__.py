"""Where an account wants its messages: addresses, what they hear of, the keys that sign for them."""
