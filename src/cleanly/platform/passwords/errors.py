"""Every way this machine refuses."""

from typing import Self

from cleanly.kernel.errors import AppError
from cleanly.platform.passwords.rules import Weakness


class WeakPassword(AppError):
    """The password is refused by a rule. `details`: `field`, `reason` (see `rules.Reason`)."""

    status = 422
    code = "WEAK_PASSWORD"
    message = "Choose another password"
    action = "show the field's message"

    @classmethod
    def of(cls, found: Weakness, *, field: str) -> Self:
        """The refusal of one field, with the rule's own message."""
        return cls(found.message, details={"field": field, "reason": found.reason})
