// Everything that a call can end with instead of an answer: one sealed hierarchy, each with what to do about it.
package dev.cleanly

import kotlin.time.Duration
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.contentOrNull

/** Why a call has no answer. Decide by the class or by [action], never by the message. */
public sealed class CleanlyException(message: String, cause: Throwable?) : Exception(message, cause) {
    /** What the app should do. */
    public abstract val action: Action

    /** Name it when you report a fault: the service's log has it. Null if no call was made. */
    public abstract val requestId: String?
}

/**
 * No answer came, after all retries: no network, a timeout, a broken connection. The call may have had its effect.
 *
 * @property isDeadline Whether the time allowed for the whole call ran out.
 * @property idempotencyKey Repeat the call with it, and it happens once at most. Null for calls that need none.
 */
public class NoAnswer internal constructor(
    message: String,
    override val requestId: String?,
    public val isDeadline: Boolean,
    public val idempotencyKey: String?,
    cause: Throwable? = null,
    internal val isHopeless: Boolean = false,
) : CleanlyException(message, cause) {
    override val action: Action get() = Action.RETRY_WITH_THE_SAME_KEY
}

/**
 * Something answered, and not the service: a hotel's login page, half a body, a proxy's error page with status 200.
 *
 * @property status The HTTP status.
 */
public class UnreadableAnswer internal constructor(
    public val status: Int,
    override val requestId: String?,
    cause: Throwable? = null,
) : CleanlyException("what answered with $status was not the service", cause) {
    override val action: Action get() = Action.RETRY_WITH_THE_SAME_KEY
}

/** The call needs a user, and nobody is signed in. Nothing was sent. */
public class NotSignedIn internal constructor() : CleanlyException("nobody is signed in", null) {
    override val action: Action get() = Action.LOG_IN
    override val requestId: String? get() = null
}

/** The service said no. One subclass for each code of its error table. */
public sealed class ApiException(refusal: Refusal, override val action: Action) :
    CleanlyException("${refusal.code}: ${refusal.message}", null) {
    /** The stable word of the error table. */
    public val code: String = refusal.code

    /** The HTTP status. */
    public val status: Int = refusal.status

    /** The service's sentence, in English, without secrets. */
    public val text: String = refusal.message

    /** What else it told. */
    public val details: JsonObject = refusal.details

    /** What is wrong with which field; empty where no field is at fault. */
    public val fieldErrors: List<FieldError> = refusal.fieldErrors()

    /** How long to wait before the next try, if the service said so. */
    public val retryAfter: Duration? = refusal.retryAfter

    override val requestId: String? = refusal.requestId

    /** One word out of [details]. */
    protected fun detail(name: String): String? = (details[name] as? JsonPrimitive)?.contentOrNull
}

/** A code that is newer than this library, or an error page of something between. [action] follows from the status. */
public class Unrecognized internal constructor(refusal: Refusal) : ApiException(refusal, actionBy(refusal.status))

/**
 * A field's fault.
 *
 * @property field The field, as in the call.
 * @property reason A stable word such as `missing` or `too_long`.
 * @property message The service's sentence.
 */
public data class FieldError(
    public val field: String,
    public val reason: String,
    public val message: String,
)

/** A refusal as it came: public because exceptions take one, with nothing to be seen from outside. */
public class Refusal internal constructor(
    internal val status: Int,
    internal val code: String,
    internal val message: String,
    internal val details: JsonObject,
    internal val requestId: String?,
    internal val retryAfter: Duration?,
) {
    internal fun fieldErrors(): List<FieldError> {
        val all = (details["errors"] as? JsonArray)?.mapNotNull { (it as? JsonObject)?.let(::fieldError) }
        return all ?: listOfNotNull(fieldError(details))
    }

    private fun fieldError(from: JsonObject): FieldError? {
        fun word(name: String) = (from[name] as? JsonPrimitive)?.contentOrNull
        val field = word("field") ?: return null
        return FieldError(field, word("reason") ?: "invalid", word("message") ?: message)
    }
}

private fun actionBy(status: Int): Action = when {
    status == 401 -> Action.LOG_IN
    status == 429 -> Action.WAIT_THEN_RETRY
    status == 408 || status >= 500 -> Action.RETRY_WITH_BACKOFF
    status == 409 -> Action.SHOW_IT
    status == 403 || status == 404 -> Action.STOP
    else -> Action.FIX_THE_CALL
}

/** Whether another try may end better. */
internal val CleanlyException.isPassing: Boolean
    get() = when (action) {
        Action.RETRY_WITH_THE_SAME_KEY,
        Action.RETRY_WITH_BACKOFF,
        Action.RETRY_WITH_BACKOFF_KEEP_THE_TOKENS,
        Action.WAIT_THEN_RETRY,
        -> !(this is NoAnswer && (isDeadline || isHopeless))
        else -> false
    }

/** The codes that end a session, and no others. */
internal val CleanlyException.endsSession: Boolean
    get() = when (this) {
        is RefreshTokenInvalid, is RefreshTokenReused, is SessionRevoked, is SessionExpired, is TokenInvalid -> true
        else -> false
    }
