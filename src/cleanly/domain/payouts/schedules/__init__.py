"""When sellers are paid out by themselves."""
