// One call over a bad network: attempts, waits, the deadline over all of them, and the tokens in between.
package dev.cleanly

import java.io.IOException
import java.security.cert.CertificateException
import java.util.UUID
import java.util.concurrent.TimeUnit
import javax.net.ssl.SSLPeerUnverifiedException
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.contentOrNull
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Headers
import okhttp3.HttpUrl
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response

/**
 * An operation of the OpenAPI document. A path that begins with `!` stands outside /api/v1.
 *
 * @property isOpen Whether it needs no user.
 */
internal class Operation(val id: String, val method: String, path: String, val isOpen: Boolean = false) {
    val path: String = path.removePrefix("!")
    private val segments = this.path.removePrefix("/").split("/")
    private val isOutside = path.startsWith("!")
    val isKeyed: Boolean = method == "POST" || method == "PUT"

    fun url(base: HttpUrl, values: Array<out String>, query: Array<out Pair<String, Any?>>): HttpUrl {
        val url = base.newBuilder()
        if (!isOutside) url.addPathSegments("api/v1")
        var next = 0
        for (segment in segments) url.addPathSegment(if (segment.startsWith("{")) segmentOf(values[next++]) else segment)
        for ((name, value) in query) if (value != null) url.addQueryParameter(name, value.toString())
        return url.build()
    }

    private fun segmentOf(value: String): String {
        // Else it would be another path, and so another call.
        require(value.isNotEmpty() && value != "." && value != "..") { "\"$value\" is no id" }
        return value
    }
}

/** What shall happen, whoever many attempts it takes. [read] runs on OkHttp's thread, once per 2xx or 304. */
internal class Exchange<T>(
    val operation: Operation,
    val url: HttpUrl,
    val options: CallOptions,
    val headers: Headers,
    val body: ByteArray?,
    val isDoneBy: ((ApiException) -> T?)? = null,
    val retriesMax: Int = RETRIES_MAX,
    val isKeyed: Boolean = operation.isKeyed,
    val beforeRetry: suspend () -> Unit = {},
    val read: (Response) -> T,
)

private val JSON_TYPE = "application/json".toMediaType()
private val NO_BODY = ByteArray(0).toRequestBody()
private const val ERROR_BYTES_MAX = 256L * 1024

/** Makes exchanges. [keeper] comes after, for it refreshes by way of this. */
internal class Transport(
    private val http: OkHttpClient,
    private val deadline: Duration,
    private val observer: CallObserver?,
    private val machine: Machine,
) {
    lateinit var keeper: Keeper

    suspend fun <T> run(exchange: Exchange<T>): T = Run(exchange).untilDone()

    /** One exchange under way. */
    private inner class Run<T>(private val exchange: Exchange<T>) {
        private val began = machine.time.markNow()
        private val allowed = exchange.options.deadline ?: deadline
        private val requestId = exchange.options.requestId ?: UUID.randomUUID().toString()
        private val key =
            if (exchange.isKeyed) exchange.options.idempotencyKey ?: UUID.randomUUID().toString() else null
        private var number = 0
        private var retries = 0
        private var hasRenewed = false
        private var mayHaveHappened = false

        suspend fun untilDone(): T {
            while (true) {
                val token = if (exchange.operation.isOpen) null else accessToken()
                val failure = try {
                    return attempt(token)
                } catch (caught: CleanlyException) {
                    caught
                }
                if (failure is ApiException) {
                    if (mayHaveHappened) exchange.isDoneBy?.invoke(failure)?.let { return it }
                    if (token != null && failure.endsSession) keeper.end(failure) { it.accessToken == token }
                    if (token != null && failure.action == Action.REFRESH_THEN_RETRY_ONCE && !hasRenewed) {
                        hasRenewed = true
                        inTime { keeper.renewed(token) }
                        continue
                    }
                }
                mayHaveHappened = mayHaveHappened || failure !is ApiException || failure.status >= 500
                waitAfter(failure)
            }
        }

        // A refresh has its own retries: what it fails with is final, and is not tried again from here.
        private suspend fun accessToken(): String =
            keeper.readyToken() ?: inTime { keeper.accessToken(allowed - began.elapsedNow()) }

        private suspend fun inTime(token: suspend () -> String): String {
            val left = allowed - began.elapsedNow()
            // The refresh goes on for those who have more time.
            val found = withContext(machine.waits) { withTimeoutOrNull(left) { token() } }
            return found ?: throw NoAnswer("no new token came in time", requestId, isDeadline = true, key)
        }

        private suspend fun waitAfter(failure: CleanlyException) {
            val pause = pauseBefore(retries + RETRIES_MAX - exchange.retriesMax, failure, machine.random) ?: throw failure
            // It would not end in time: better to say so now, and for how long the service wants peace.
            if (pause >= allowed - began.elapsedNow()) throw failure
            retries += 1
            machine.pause(pause)
            exchange.beforeRetry()
        }

        private suspend fun attempt(token: String?): T {
            val left = allowed - began.elapsedNow()
            if (left <= Duration.ZERO) throw NoAnswer("no time is left", requestId, isDeadline = true, key)
            number += 1
            val started = machine.time.markNow()
            var reply: Reply? = null
            try {
                return send(request(token), left) { response ->
                    reply = Reply(response.code, response.header("Idempotency-Replayed") == "true")
                    read(response)
                }
            } catch (refusal: ApiException) {
                reply = reply?.copy(code = refusal.code)
                throw refusal
            } finally {
                observer?.let { tell(it, reply, started.elapsedNow()) }
            }
        }

        private fun request(token: String?): Request {
            val request = Request.Builder().url(exchange.url).headers(exchange.headers).header("X-Request-ID", requestId)
            if (token != null) request.header("Authorization", "Bearer $token")
            if (key != null) request.header("Idempotency-Key", key)
            val body = exchange.body?.toRequestBody(JSON_TYPE) ?: if (exchange.operation.isKeyed) NO_BODY else null
            return request.method(exchange.operation.method, body).build()
        }

        private suspend fun send(request: Request, left: Duration, read: (Response) -> T): T =
            suspendCancellableCoroutine { waiting ->
                val call = http.newCall(request)
                if (left.isFinite()) call.timeout().timeout(left.inWholeMilliseconds.coerceAtLeast(1), TimeUnit.MILLISECONDS)
                waiting.invokeOnCancellation { call.cancel() }
                call.enqueue(
                    object : Callback {
                        override fun onFailure(call: Call, e: IOException) = waiting.resumeWithException(noAnswer(e))

                        override fun onResponse(call: Call, response: Response) {
                            val outcome = runCatching { response.use(read) }
                            val failure = outcome.exceptionOrNull() ?: return waiting.resume(outcome.getOrThrow())
                            waiting.resumeWithException(if (failure is IOException) noAnswer(failure) else failure)
                        }
                    },
                )
            }

        private fun read(response: Response): T {
            val isGood = response.isSuccessful || response.code == 304
            if (!isGood) throw refusalOf(response, requestId)
            try {
                return exchange.read(response)
            } catch (error: SerializationException) {
                throw UnreadableAnswer(response.code, requestId, error)
            }
        }

        private fun noAnswer(error: IOException): CleanlyException {
            val isDeadline = allowed - began.elapsedNow() <= Duration.ZERO
            val isHopeless = error is SSLPeerUnverifiedException || error.cause is CertificateException
            val text = "no answer: ${error.javaClass.simpleName}"
            return NoAnswer(text, requestId, isDeadline, key, error, isHopeless || error is TornDownload)
        }

        private fun tell(observer: CallObserver, reply: Reply?, took: Duration) {
            val operation = exchange.operation
            observer.attempted(
                Attempt(
                    operation.id, operation.method, operation.path, requestId, number, reply?.status, reply?.code, took,
                    reply?.isReplayed ?: false,
                ),
            )
        }
    }
}

/** A part of a file has been handed over: to begin again would write it twice. */
internal class TornDownload(cause: IOException) : IOException("the file broke off", cause)

private data class Reply(val status: Int, val isReplayed: Boolean, val code: String? = null)

private fun refusalOf(response: Response, requestId: String): CleanlyException {
    if (response.code < 400) return UnreadableAnswer(response.code, requestId)
    val error = envelopeOf(response.peekBody(ERROR_BYTES_MAX).string())
    val code = (error?.get("code") as? JsonPrimitive)?.contentOrNull
    return exceptionOf(
        Refusal(
            status = response.code,
            code = code ?: "HTTP_${response.code}",
            message = (error?.get("message") as? JsonPrimitive)?.contentOrNull ?: "the answer was no error of the service",
            details = error?.get("details") as? JsonObject ?: JsonObject(emptyMap()),
            requestId = response.header("X-Request-ID") ?: requestId,
            retryAfter = retryAfter(response),
        ),
    )
}

private fun envelopeOf(text: String): JsonObject? =
    try {
        (WIRE.parseToJsonElement(text) as? JsonObject)?.get("error") as? JsonObject
    } catch (_: SerializationException) {
        null // something between has answered in the service's place; the status is all there is to know
    }

/** RFC 9110, 10.2.3: seconds, or a date, which is judged by the answer's own clock and not by the phone's. */
private fun retryAfter(response: Response): Duration? {
    val value = response.header("Retry-After") ?: return null
    value.trim().toLongOrNull()?.let { return it.coerceIn(0, 24 * 3600).seconds }
    val until = response.headers.getDate("Retry-After") ?: return null
    val now = response.headers.getDate("Date")?.time ?: System.currentTimeMillis()
    return ((until.time - now) / 1000).coerceIn(0, 24 * 3600).seconds
}
