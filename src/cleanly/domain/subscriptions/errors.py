"""How subscriptions refuse. What a provider refuses stands in `platform/providers/errors.py`."""

from uuid import UUID

from cleanly.kernel.errors import AppError, Conflict


class InvalidState(AppError):
    """The subscription can't do that as it stands; `details.state` says how it stands."""

    status = 409
    code = "INVALID_STATE"
    message = "The subscription's state does not allow this"
    action = "show it"

    @classmethod
    def of(cls, state: str, message: str) -> "InvalidState":
        """With the state as it is."""
        return cls(message, details={"state": state})


def already_subscribed(subscription_id: UUID) -> Conflict:
    """One live subscription per group of plans: this is the first one."""
    return Conflict(
        "There is a subscription of this group of plans already", details={"subscriptionId": str(subscription_id)}
    )
