"""What goes wrong with a copy, in words for an operator."""


class BackupFault(RuntimeError):
    """One line: what is wrong, and what to do about it."""
