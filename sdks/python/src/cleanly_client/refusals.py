"""Every way in which the service says no, by its code. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from typing import ClassVar

from cleanly_client.errors import Refused


class IdempotencyKeyInvalid(Refused):
    """An Idempotency-Key is 1 to 255 visible ASCII characters, bare or as one quoted string: fix the call."""

    code = "IDEMPOTENCY_KEY_INVALID"
    status = 400
    action: ClassVar[str] = "fix the call"


class IdempotencyKeyRequired(Refused):
    """Send an Idempotency-Key header with this call: fix the call."""

    code = "IDEMPOTENCY_KEY_REQUIRED"
    status = 400
    action: ClassVar[str] = "fix the call"


class MalformedRequest(Refused):
    """The request could not be read: fix the call."""

    code = "MALFORMED_REQUEST"
    status = 400
    action: ClassVar[str] = "fix the call"


class InvalidCredentials(Refused):
    """The e-mail or the password is not right: ask again."""

    code = "INVALID_CREDENTIALS"
    status = 401
    action: ClassVar[str] = "ask again"


class RefreshTokenInvalid(Refused):
    """The refresh token is not valid: log in."""

    code = "REFRESH_TOKEN_INVALID"
    status = 401
    action: ClassVar[str] = "log in"


class RefreshTokenReused(Refused):
    """The refresh token was used before, so the session was ended for safety: log in."""

    code = "REFRESH_TOKEN_REUSED"
    status = 401
    action: ClassVar[str] = "log in"


class SessionExpired(Refused):
    """The session has expired: log in."""

    code = "SESSION_EXPIRED"
    status = 401
    action: ClassVar[str] = "log in"


class SessionRevoked(Refused):
    """The session was ended: log in."""

    code = "SESSION_REVOKED"
    status = 401
    action: ClassVar[str] = "log in"


class TokenExpired(Refused):
    """The access token has expired: refresh, then retry once."""

    code = "TOKEN_EXPIRED"
    status = 401
    action: ClassVar[str] = "refresh, then retry once"


class TokenInvalid(Refused):
    """The access token is not valid: log in."""

    code = "TOKEN_INVALID"
    status = 401
    action: ClassVar[str] = "log in"


class TokenMissing(Refused):
    """Send an access token: log in."""

    code = "TOKEN_MISSING"
    status = 401
    action: ClassVar[str] = "log in"


class TokenSuperseded(Refused):
    """The access token was replaced by a newer one: refresh, then retry once."""

    code = "TOKEN_SUPERSEDED"
    status = 401
    action: ClassVar[str] = "refresh, then retry once"


class PaymentDeclined(Refused):
    """The payment was declined: show it."""

    code = "PAYMENT_DECLINED"
    status = 402
    action: ClassVar[str] = "show it"


class EmailNotVerified(Refused):
    """Google has not verified this e-mail: stop."""

    code = "EMAIL_NOT_VERIFIED"
    status = 403
    action: ClassVar[str] = "stop"


class Forbidden(Refused):
    """You are not allowed to do this: stop."""

    code = "FORBIDDEN"
    status = 403
    action: ClassVar[str] = "stop"


class ReauthenticationRequired(Refused):
    """Confirm with the current password: ask for the password."""

    code = "REAUTHENTICATION_REQUIRED"
    status = 403
    action: ClassVar[str] = "ask for the password"


class NotFound(Refused):
    """There is nothing here: stop."""

    code = "NOT_FOUND"
    status = 404
    action: ClassVar[str] = "stop"


class MethodNotAllowed(Refused):
    """This path does not answer that method: fix the call."""

    code = "METHOD_NOT_ALLOWED"
    status = 405
    action: ClassVar[str] = "fix the call"


class Conflict(Refused):
    """The object has changed meanwhile: show it."""

    code = "CONFLICT"
    status = 409
    action: ClassVar[str] = "show it"


class EmailTaken(Refused):
    """An account with this e-mail exists already: show it."""

    code = "EMAIL_TAKEN"
    status = 409
    action: ClassVar[str] = "show it"


class IdempotencyInProgress(Refused):
    """A request with this Idempotency-Key is still running: retry with the same key."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    status = 409
    action: ClassVar[str] = "retry with the same key"


class InsufficientBalance(Refused):
    """The balance is not sufficient: show it."""

    code = "INSUFFICIENT_BALANCE"
    status = 409
    action: ClassVar[str] = "show it"


class InvalidState(Refused):
    """The endpoint did not answer the test with 2xx, so it stays off: show it."""

    code = "INVALID_STATE"
    status = 409
    action: ClassVar[str] = "show it"


class PayloadTooLarge(Refused):
    """The request body is too large: fix the call."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413
    action: ClassVar[str] = "fix the call"


class UnsupportedMediaType(Refused):
    """Send the body as application/json: fix the call."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    action: ClassVar[str] = "fix the call"


class IdempotencyKeyReused(Refused):
    """This Idempotency-Key was used for another request: fix the call: same key, other request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = 422
    action: ClassVar[str] = "fix the call: same key, other request"


class UnsupportedByProvider(Refused):
    """This provider does not support that: choose another provider."""

    code = "UNSUPPORTED_BY_PROVIDER"
    status = 422
    action: ClassVar[str] = "choose another provider"


class ValidationError(Refused):
    """A field is not valid: show the field's message."""

    code = "VALIDATION_ERROR"
    status = 422
    action: ClassVar[str] = "show the field's message"


class WeakPassword(Refused):
    """Choose another password: show the field's message."""

    code = "WEAK_PASSWORD"
    status = 422
    action: ClassVar[str] = "show the field's message"


class AccountTemporarilyLocked(Refused):
    """Too many wrong passwords, try again later: wait, then retry."""

    code = "ACCOUNT_TEMPORARILY_LOCKED"
    status = 429
    action: ClassVar[str] = "wait, then retry"


class RateLimited(Refused):
    """Too many requests, try again later: wait, then retry."""

    code = "RATE_LIMITED"
    status = 429
    action: ClassVar[str] = "wait, then retry"


class InternalError(Refused):
    """Something went wrong on our side: retry with backoff."""

    code = "INTERNAL_ERROR"
    status = 500
    action: ClassVar[str] = "retry with backoff"


class ProviderError(Refused):
    """The payment provider had a fault: retry with the same key."""

    code = "PROVIDER_ERROR"
    status = 502
    action: ClassVar[str] = "retry with the same key"


class ServiceUnavailable(Refused):
    """The service is busy, try again in a moment: retry with backoff; keep the tokens."""

    code = "SERVICE_UNAVAILABLE"
    status = 503
    action: ClassVar[str] = "retry with backoff; keep the tokens"


class ProviderTimeout(Refused):
    """The payment provider did not answer in time: retry with the same key."""

    code = "PROVIDER_TIMEOUT"
    status = 504
    action: ClassVar[str] = "retry with the same key"


BY_CODE: dict[str, type[Refused]] = {
    "IDEMPOTENCY_KEY_INVALID": IdempotencyKeyInvalid,
    "IDEMPOTENCY_KEY_REQUIRED": IdempotencyKeyRequired,
    "MALFORMED_REQUEST": MalformedRequest,
    "INVALID_CREDENTIALS": InvalidCredentials,
    "REFRESH_TOKEN_INVALID": RefreshTokenInvalid,
    "REFRESH_TOKEN_REUSED": RefreshTokenReused,
    "SESSION_EXPIRED": SessionExpired,
    "SESSION_REVOKED": SessionRevoked,
    "TOKEN_EXPIRED": TokenExpired,
    "TOKEN_INVALID": TokenInvalid,
    "TOKEN_MISSING": TokenMissing,
    "TOKEN_SUPERSEDED": TokenSuperseded,
    "PAYMENT_DECLINED": PaymentDeclined,
    "EMAIL_NOT_VERIFIED": EmailNotVerified,
    "FORBIDDEN": Forbidden,
    "REAUTHENTICATION_REQUIRED": ReauthenticationRequired,
    "NOT_FOUND": NotFound,
    "METHOD_NOT_ALLOWED": MethodNotAllowed,
    "CONFLICT": Conflict,
    "EMAIL_TAKEN": EmailTaken,
    "IDEMPOTENCY_IN_PROGRESS": IdempotencyInProgress,
    "INSUFFICIENT_BALANCE": InsufficientBalance,
    "INVALID_STATE": InvalidState,
    "PAYLOAD_TOO_LARGE": PayloadTooLarge,
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaType,
    "IDEMPOTENCY_KEY_REUSED": IdempotencyKeyReused,
    "UNSUPPORTED_BY_PROVIDER": UnsupportedByProvider,
    "VALIDATION_ERROR": ValidationError,
    "WEAK_PASSWORD": WeakPassword,
    "ACCOUNT_TEMPORARILY_LOCKED": AccountTemporarilyLocked,
    "RATE_LIMITED": RateLimited,
    "INTERNAL_ERROR": InternalError,
    "PROVIDER_ERROR": ProviderError,
    "SERVICE_UNAVAILABLE": ServiceUnavailable,
    "PROVIDER_TIMEOUT": ProviderTimeout,
}
