"""What subscribers are told of what happened here."""
