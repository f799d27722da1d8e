"""What a seller has, per currency."""
