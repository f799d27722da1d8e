"""What goes wrong with the edge, in words for an operator."""


class EdgeFault(RuntimeError):
    """One line: what is wrong, and what to do about it."""
