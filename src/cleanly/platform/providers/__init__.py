"""Other companies' services, in our words: the only place where their formats are known."""
