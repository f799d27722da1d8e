"""Turn lines by account name into a ledger posting. Opens nothing: the accounts were opened before the money came."""
