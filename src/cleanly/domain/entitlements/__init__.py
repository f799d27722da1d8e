"""What a user may use now, and until when."""
