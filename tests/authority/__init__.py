"""Who may do what: every route of the contract, called as everybody, on things that really are somebody's."""
