"""`cleanly doctor`: the checklist of a deployment, asked of the real things."""
