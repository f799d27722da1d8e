"""How payments refuse. What a provider refuses stands in `platform/providers/errors.py`."""

from cleanly.kernel.errors import AppError


class InvalidState(AppError):
    """The payment can't do that as it stands; `details.state` says how it stands."""

    status = 409
    code = "INVALID_STATE"
    message = "The payment's state does not allow this"
    action = "show it"

    @classmethod
    def of(cls, state: str, message: str) -> "InvalidState":
        """With the state as it is."""
        return cls(message, details={"state": state})


class TooMuch(AppError):
    """More than is left to capture or refund; `details.left` is what is, in minor units."""

    status = 409
    code = "CONFLICT"
    message = "That is more than is left of the payment"
    action = "show it"


class NotOurMoney(Exception):
    """The provider's money on this object is not what our row says: nothing is booked, a person decides."""
