"""Passwords: what is refused, how they are hashed and verified. Knows no users."""
