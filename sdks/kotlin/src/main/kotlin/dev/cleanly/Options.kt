// What an app may say about one call, and what it may hear of all.
package dev.cleanly

import kotlin.time.Duration

/**
 * How one call shall be made.
 *
 * @property idempotencyKey For a POST or PUT that must survive the death of the app: keep it on disk with the parameters,
 * and make the call again with both. Null: a new one, kept across this call's retries.
 * @property deadline How long the call may take in all, with its retries and waits. Null: the client's.
 * @property requestId Names the call in the service's log, 8 to 128 of `A-Za-z0-9._-`. Null: a new one.
 */
public data class CallOptions(
    public val idempotencyKey: String? = null,
    public val deadline: Duration? = null,
    public val requestId: String? = null,
) {
    /** The usual. */
    public companion object {
        /** Nothing special. */
        public val DEFAULT: CallOptions = CallOptions()
    }
}

/**
 * Hears of every attempt, for logs and metrics. Called on OkHttp's or the caller's thread: be quick. What it throws, the
 * call throws.
 */
public fun interface CallObserver {
    /** One attempt has ended. */
    public fun attempted(attempt: Attempt)
}

/**
 * One attempt of a call. Nothing in it is secret: no header, no body, no query, and of the path only the pattern.
 *
 * @property operation The operation's id in the OpenAPI document: `read_user`.
 * @property method `GET`.
 * @property path `/users/{id}`.
 * @property requestId The same for all attempts of a call.
 * @property number 1 for the first.
 * @property status The HTTP status; null if no answer came.
 * @property code The error's code; null if all was well or no answer came.
 * @property duration From sending to the whole answer.
 * @property isReplayed Whether the service answered from its memory: the effect had happened already.
 */
public data class Attempt(
    public val operation: String,
    public val method: String,
    public val path: String,
    public val requestId: String,
    public val number: Int,
    public val status: Int?,
    public val code: String?,
    public val duration: Duration,
    public val isReplayed: Boolean,
)
