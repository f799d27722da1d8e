"""Who has an account: the profile, its reading and its erasure."""
