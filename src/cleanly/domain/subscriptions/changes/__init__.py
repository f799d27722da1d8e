"""What subscribers ask for: another plan, an end, a pause, to go on."""
