"""What was told, to whom, and how it went: for subscribers, operators and those who ask instead of being told."""
