"""One-time links that travel by mail: verify an e-mail, reset a password."""
