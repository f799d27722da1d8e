"""How often a client or an account may call."""
