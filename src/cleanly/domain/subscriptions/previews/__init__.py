"""What a change of plan would cost, shown before it is made."""
