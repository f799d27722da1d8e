"""Another try for what did not arrive: one delivery, all since a time, a test."""
