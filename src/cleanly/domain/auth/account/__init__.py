"""Changing and leaving an account: profile, e-mail, password, export, erasure."""
