"""What subscribers may be told: every kind of event, with its shape."""
