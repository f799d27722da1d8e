"""Refusals: one class, one code that never changes. The table of them is served at GET /api/v1/errors."""

from collections.abc import Mapping
from typing import Any, ClassVar


class AppError(Exception):
    """A refusal that the client sees as `{"error": {"code", "message", "details"}}`.

    Subclasses fix `status`, `code`, `message` (the default text) and `action` (what the client should do).
    `details` is a JSON object without secrets; `retry_after_seconds` becomes the Retry-After header.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    message: ClassVar[str] = "Something went wrong on our side"
    action: ClassVar[str] = "retry with backoff"

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Mapping[str, Any] | None = None,
        retry_after_seconds: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.text = message or self.message
        self.details: dict[str, Any] = dict(details or {})
        self.headers: dict[str, str] = dict(headers or {})
        if retry_after_seconds is not None:
            self.headers["Retry-After"] = str(max(1, retry_after_seconds))
        super().__init__(f"{self.code}: {self.text}")


class InternalError(AppError):
    """A fault of ours. The cause is logged, never shown."""


class MalformedRequest(AppError):
    """The bytes are no valid call: broken JSON, a bad header, a cursor we did not sign."""

    status = 400
    code = "MALFORMED_REQUEST"
    message = "The request could not be read"
    action = "fix the call"


class ValidationFailed(AppError):
    """A field is missing or wrong. `details`: `field`, `reason` of the first; all in `errors` if several."""

    status = 422
    code = "VALIDATION_ERROR"
    message = "A field is not valid"
    action = "show the field's message"

    @classmethod
    def of(cls, field: str, reason: str, message: str) -> "ValidationFailed":
        """One field's refusal; `reason` is a stable word such as `missing` or `too_long`."""
        return cls(message, details={"field": field, "reason": reason})


class Forbidden(AppError):
    """Known, but not allowed."""

    status = 403
    code = "FORBIDDEN"
    message = "You are not allowed to do this"
    action = "stop"


class NotFound(AppError):
    """Absent, or another user's: the two look the same."""

    status = 404
    code = "NOT_FOUND"
    message = "There is nothing here"
    action = "stop"


class MethodNotAllowed(AppError):
    """The path exists, the method does not. `Allow` lists those that do."""

    status = 405
    code = "METHOD_NOT_ALLOWED"
    message = "This path does not answer that method"
    action = "fix the call"


class Conflict(AppError):
    """The object has changed since the caller read it, or another like it exists."""

    status = 409
    code = "CONFLICT"
    message = "The object has changed meanwhile"
    action = "show it"


class PayloadTooLarge(AppError):
    """The body is above the limit; it was not read to its end."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"
    message = "The request body is too large"
    action = "fix the call"


class UnsupportedMediaType(AppError):
    """A body that is not JSON."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "Send the body as application/json"
    action = "fix the call"


class RateLimited(AppError):
    """Too many calls; waiting Retry-After seconds makes the next one pass."""

    status = 429
    code = "RATE_LIMITED"
    message = "Too many requests, try again later"
    action = "wait, then retry"


class Unavailable(AppError):
    """A dependency is down, waking or busy. The caller keeps its tokens and retries."""

    status = 503
    code = "SERVICE_UNAVAILABLE"
    message = "The service is busy, try again in a moment"
    action = "retry with backoff; keep the tokens"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 2) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)


COMMON: tuple[type[AppError], ...] = (
    MalformedRequest,
    ValidationFailed,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    RateLimited,
    InternalError,
    Unavailable,
)
