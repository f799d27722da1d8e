"""How a purchase on Google Play is refused."""

from cleanly.kernel.errors import Conflict


class OfAnotherUser(Conflict):
    """The purchase is bound to another user, or to nobody."""

    message = "This purchase belongs to another account"
