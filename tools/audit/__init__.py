"""The security audit: `make audit`. What it looks at, and what its answers mean: docs/operations.md."""
