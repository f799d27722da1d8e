"""Every way scheduled work refuses. Seen by an operator, not by a client."""


class NoSuchCron(LookupError):
    """No module offers a schedule of that name, or more than one does."""
