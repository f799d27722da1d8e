"""Who you are: registering, logging in, sessions, passwords, one-time mails."""
