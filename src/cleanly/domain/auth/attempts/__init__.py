"""Failed logins: how an account slows down guessing without locking its owner out."""
