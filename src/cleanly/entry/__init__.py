"""Floor 3: processes. May import everything; nobody imports it."""
