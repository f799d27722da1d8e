"""Work that is asked for with its reason, in one commit, and done after it."""
