"""The platform's share of a sale: the setting, or what was agreed with a seller."""
