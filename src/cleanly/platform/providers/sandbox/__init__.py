"""A payment provider that lives in our own database: it behaves like the real ones, and fails when asked to."""
