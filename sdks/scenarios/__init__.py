"""What both SDKs are tried against: the real service behind a network that misbehaves as a script tells it."""
