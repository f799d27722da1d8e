"""A buyer's bank takes money back. Money follows the dispute's movements, never its status."""
