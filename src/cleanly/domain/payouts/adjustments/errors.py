"""How adjustments refuse."""

from cleanly.kernel.errors import Forbidden


class SecondAdminNeeded(Forbidden):
    """Who asked for it, or would be given it, can't approve it, too: a plain FORBIDDEN to the client."""

    message = "Another administrator has to approve this"
