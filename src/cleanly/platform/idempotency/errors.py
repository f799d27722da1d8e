"""Every way an idempotency key is refused."""

from cleanly.kernel.errors import AppError, Conflict

_RETRY_AFTER_SECONDS = 1


class IdempotencyKeyRequired(AppError):
    """A call that moves money came without a key."""

    status = 400
    code = "IDEMPOTENCY_KEY_REQUIRED"
    message = "Send an Idempotency-Key header with this call"
    action = "fix the call"


class IdempotencyKeyInvalid(AppError):
    """The header is empty, too long, given twice, or holds more than visible ASCII."""

    status = 400
    code = "IDEMPOTENCY_KEY_INVALID"
    message = "An Idempotency-Key is 1 to 255 visible ASCII characters, bare or as one quoted string"
    action = "fix the call"


class IdempotencyKeyReused(AppError):
    """The key was used for another request to the same path."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used for another request"
    action = "fix the call: same key, other request"


class IdempotencyInProgress(AppError):
    """The first request with this key has not ended."""

    status = 409
    code = "IDEMPOTENCY_IN_PROGRESS"
    message = "A request with this Idempotency-Key is still running"
    action = "retry with the same key"

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=_RETRY_AFTER_SECONDS)


class AnswerLost(Conflict):
    """The work was done, but its answer can't be given again: too large to keep, or sealed under a secret that is gone.

    A plain CONFLICT to the client. Never a second run: the effect has happened.
    """

    message = "This call was carried out before and its answer is no longer kept: read the object instead"


OWN: tuple[type[AppError], ...] = (
    IdempotencyKeyRequired,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    IdempotencyInProgress,
    AnswerLost,
)


class Collided(Exception):
    """Another request with this key committed first: this transaction must roll back, and the answer be looked up."""
