"""Every way this machine refuses."""

from typing import Self

from cleanly.kernel.errors import AppError


class WeakPassword(AppError):
    """The password is refused by a rule. `details`: `field`, `reason` (see `rules.Reason`)."""

    status = 422
    code = "WEAK_PASSWORD"
    message = "Choose another password"
    action = "show the field's message"

    @classmethod
    def of(cls, field: str, reason: str, message: str) -> Self:
        """The refusal of one field; `reason` is a stable word."""
        return cls(message, details={"field": field, "reason": reason})
