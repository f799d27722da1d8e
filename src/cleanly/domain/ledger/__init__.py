"""The ledger: double entry, where every cent has a place and a reason."""
