// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly


/** What the app should do about a refusal, in the words of the error table. */
public enum class Action(public val text: String) {
    /** Ask again. */
    ASK_AGAIN("ask again"),

    /** Ask for the password. */
    ASK_FOR_THE_PASSWORD("ask for the password"),

    /** Choose another provider. */
    CHOOSE_ANOTHER_PROVIDER("choose another provider"),

    /** Fix the call. */
    FIX_THE_CALL("fix the call"),

    /** Fix the call: same key, other request. */
    FIX_THE_CALL_SAME_KEY_OTHER_REQUEST("fix the call: same key, other request"),

    /** Log in. */
    LOG_IN("log in"),

    /** Refresh, then retry once. */
    REFRESH_THEN_RETRY_ONCE("refresh, then retry once"),

    /** Retry with backoff. */
    RETRY_WITH_BACKOFF("retry with backoff"),

    /** Retry with backoff; keep the tokens. */
    RETRY_WITH_BACKOFF_KEEP_THE_TOKENS("retry with backoff; keep the tokens"),

    /** Retry with the same key. */
    RETRY_WITH_THE_SAME_KEY("retry with the same key"),

    /** Show it. */
    SHOW_IT("show it"),

    /** Show the field's message. */
    SHOW_THE_FIELDS_MESSAGE("show the field's message"),

    /** Stop. */
    STOP("stop"),

    /** Wait, then retry. */
    WAIT_THEN_RETRY("wait, then retry"),
}

/** `IDEMPOTENCY_KEY_INVALID`, 400: fix the call. */
public class IdempotencyKeyInvalid internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.FIX_THE_CALL)

/** `IDEMPOTENCY_KEY_REQUIRED`, 400: fix the call. */
public class IdempotencyKeyRequired internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.FIX_THE_CALL)

/** `MALFORMED_REQUEST`, 400: fix the call. */
public class MalformedRequest internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.FIX_THE_CALL)

/** `INVALID_CREDENTIALS`, 401: ask again. */
public class InvalidCredentials internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.ASK_AGAIN)

/** `REFRESH_TOKEN_INVALID`, 401: log in. */
public class RefreshTokenInvalid internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.LOG_IN)

/** `REFRESH_TOKEN_REUSED`, 401: log in. */
public class RefreshTokenReused internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.LOG_IN)

/** `SESSION_EXPIRED`, 401: log in. */
public class SessionExpired internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.LOG_IN)

/** `SESSION_REVOKED`, 401: log in. */
public class SessionRevoked internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.LOG_IN)

/** `TOKEN_EXPIRED`, 401: refresh, then retry once. */
public class TokenExpired internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.REFRESH_THEN_RETRY_ONCE)

/** `TOKEN_INVALID`, 401: log in. */
public class TokenInvalid internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.LOG_IN)

/** `TOKEN_MISSING`, 401: log in. */
public class TokenMissing internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.LOG_IN)

/** `TOKEN_SUPERSEDED`, 401: refresh, then retry once. */
public class TokenSuperseded internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.REFRESH_THEN_RETRY_ONCE)

/** `PAYMENT_DECLINED`, 402: show it. */
public class PaymentDeclined internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.SHOW_IT) {
    /** Why, in the provider's word. */
    public val declineCode: String? get() = detail("declineCode")
}

/** `FORBIDDEN`, 403: stop. */
public class Forbidden internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.STOP)

/** `REAUTHENTICATION_REQUIRED`, 403: ask for the password. */
public class ReauthenticationRequired internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.ASK_FOR_THE_PASSWORD)

/** `NOT_FOUND`, 404: stop. */
public class NotFound internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.STOP)

/** `METHOD_NOT_ALLOWED`, 405: fix the call. */
public class MethodNotAllowed internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.FIX_THE_CALL)

/** `CONFLICT`, 409: show it. */
public class Conflict internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.SHOW_IT)

/** `EMAIL_TAKEN`, 409: show it. */
public class EmailTaken internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.SHOW_IT)

/** `IDEMPOTENCY_IN_PROGRESS`, 409: retry with the same key. */
public class IdempotencyInProgress internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.RETRY_WITH_THE_SAME_KEY)

/** `INSUFFICIENT_BALANCE`, 409: show it. */
public class InsufficientBalance internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.SHOW_IT)

/** `INVALID_STATE`, 409: show it. */
public class InvalidState internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.SHOW_IT) {
    /** The state in which the call can't be made. */
    public val state: String? get() = detail("state")
}

/** `PAYLOAD_TOO_LARGE`, 413: fix the call. */
public class PayloadTooLarge internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.FIX_THE_CALL)

/** `UNSUPPORTED_MEDIA_TYPE`, 415: fix the call. */
public class UnsupportedMediaType internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.FIX_THE_CALL)

/** `IDEMPOTENCY_KEY_REUSED`, 422: fix the call: same key, other request. */
public class IdempotencyKeyReused internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.FIX_THE_CALL_SAME_KEY_OTHER_REQUEST)

/** `UNSUPPORTED_BY_PROVIDER`, 422: choose another provider. */
public class UnsupportedByProvider internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.CHOOSE_ANOTHER_PROVIDER)

/** `VALIDATION_ERROR`, 422: show the field's message. */
public class ValidationError internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.SHOW_THE_FIELDS_MESSAGE)

/** `WEAK_PASSWORD`, 422: show the field's message. */
public class WeakPassword internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.SHOW_THE_FIELDS_MESSAGE)

/** `ACCOUNT_TEMPORARILY_LOCKED`, 429: wait, then retry. */
public class AccountTemporarilyLocked internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.WAIT_THEN_RETRY)

/** `RATE_LIMITED`, 429: wait, then retry. */
public class RateLimited internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.WAIT_THEN_RETRY)

/** `INTERNAL_ERROR`, 500: retry with backoff. */
public class InternalError internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.RETRY_WITH_BACKOFF)

/** `PROVIDER_ERROR`, 502: retry with the same key. */
public class ProviderError internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.RETRY_WITH_THE_SAME_KEY)

/** `SERVICE_UNAVAILABLE`, 503: retry with backoff; keep the tokens. */
public class ServiceUnavailable internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.RETRY_WITH_BACKOFF_KEEP_THE_TOKENS)

/** `PROVIDER_TIMEOUT`, 504: retry with the same key. */
public class ProviderTimeout internal constructor(refusal: Refusal) :
    ApiException(refusal, Action.RETRY_WITH_THE_SAME_KEY)

internal fun exceptionOf(refusal: Refusal): ApiException = when (refusal.code) {
    "IDEMPOTENCY_KEY_INVALID" -> IdempotencyKeyInvalid(refusal)
    "IDEMPOTENCY_KEY_REQUIRED" -> IdempotencyKeyRequired(refusal)
    "MALFORMED_REQUEST" -> MalformedRequest(refusal)
    "INVALID_CREDENTIALS" -> InvalidCredentials(refusal)
    "REFRESH_TOKEN_INVALID" -> RefreshTokenInvalid(refusal)
    "REFRESH_TOKEN_REUSED" -> RefreshTokenReused(refusal)
    "SESSION_EXPIRED" -> SessionExpired(refusal)
    "SESSION_REVOKED" -> SessionRevoked(refusal)
    "TOKEN_EXPIRED" -> TokenExpired(refusal)
    "TOKEN_INVALID" -> TokenInvalid(refusal)
    "TOKEN_MISSING" -> TokenMissing(refusal)
    "TOKEN_SUPERSEDED" -> TokenSuperseded(refusal)
    "PAYMENT_DECLINED" -> PaymentDeclined(refusal)
    "FORBIDDEN" -> Forbidden(refusal)
    "REAUTHENTICATION_REQUIRED" -> ReauthenticationRequired(refusal)
    "NOT_FOUND" -> NotFound(refusal)
    "METHOD_NOT_ALLOWED" -> MethodNotAllowed(refusal)
    "CONFLICT" -> Conflict(refusal)
    "EMAIL_TAKEN" -> EmailTaken(refusal)
    "IDEMPOTENCY_IN_PROGRESS" -> IdempotencyInProgress(refusal)
    "INSUFFICIENT_BALANCE" -> InsufficientBalance(refusal)
    "INVALID_STATE" -> InvalidState(refusal)
    "PAYLOAD_TOO_LARGE" -> PayloadTooLarge(refusal)
    "UNSUPPORTED_MEDIA_TYPE" -> UnsupportedMediaType(refusal)
    "IDEMPOTENCY_KEY_REUSED" -> IdempotencyKeyReused(refusal)
    "UNSUPPORTED_BY_PROVIDER" -> UnsupportedByProvider(refusal)
    "VALIDATION_ERROR" -> ValidationError(refusal)
    "WEAK_PASSWORD" -> WeakPassword(refusal)
    "ACCOUNT_TEMPORARILY_LOCKED" -> AccountTemporarilyLocked(refusal)
    "RATE_LIMITED" -> RateLimited(refusal)
    "INTERNAL_ERROR" -> InternalError(refusal)
    "PROVIDER_ERROR" -> ProviderError(refusal)
    "SERVICE_UNAVAILABLE" -> ServiceUnavailable(refusal)
    "PROVIDER_TIMEOUT" -> ProviderTimeout(refusal)
    else -> Unrecognized(refusal)
}
