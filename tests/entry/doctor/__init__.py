"""`cleanly doctor`, each check shown each answer."""
