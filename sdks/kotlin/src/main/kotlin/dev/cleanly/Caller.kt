// Between the generated calls and the transport: what each kind of call sends and reads.
package dev.cleanly

import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.serialization.DeserializationStrategy
import okhttp3.Headers
import okhttp3.HttpUrl

internal class Caller(private val base: HttpUrl, private val transport: Transport, userAgent: String, deviceName: String?) {
    private val usual = Headers.Builder().add("Accept", "application/json").add("User-Agent", userAgent).build()
    private val named = deviceName?.let { usual.newBuilder().add("X-Device-Name", visible(it)).build() } ?: usual

    /** A call that answers with a value. */
    suspend fun <T> call(
        operation: Operation,
        reply: DeserializationStrategy<T>,
        options: CallOptions,
        path: Array<String> = emptyArray(),
        query: Array<Pair<String, Any?>> = emptyArray(),
        ifMatch: String? = null,
        body: ByteArray? = null,
    ): T = transport.run(
        Exchange(operation, operation.url(base, path, query), options, headers(operation, ifMatch), body) {
            WIRE.decodeFromString(reply, it.body.string())
        },
    )

    /** The same, or null if what the caller has is what there is. */
    suspend fun <T> callIfChanged(
        operation: Operation,
        reply: DeserializationStrategy<T>,
        options: CallOptions,
        path: Array<String> = emptyArray(),
        query: Array<Pair<String, Any?>> = emptyArray(),
        etag: String?,
    ): Versioned<T>? {
        val headers = if (etag == null) usual else usual.newBuilder().add("If-None-Match", etag).build()
        return transport.run(
            Exchange(operation, operation.url(base, path, query), options, headers, null) {
                if (it.code == 304) return@Exchange null
                Versioned(WIRE.decodeFromString(reply, it.body.string()), it.header("ETag"))
            },
        )
    }

    /** A call that answers with nothing. [isDoneBy]: a refusal that means, after a lost reply, that it has happened. */
    suspend fun send(
        operation: Operation,
        options: CallOptions,
        path: Array<String> = emptyArray(),
        query: Array<Pair<String, Any?>> = emptyArray(),
        ifMatch: String? = null,
        body: ByteArray? = null,
        isDoneBy: (ApiException) -> Boolean = { operation.method == "DELETE" && it is NotFound },
    ) {
        val url = operation.url(base, path, query)
        val done: (ApiException) -> Unit? = { if (isDoneBy(it)) Unit else null }
        transport.run(Exchange(operation, url, options, headers(operation, ifMatch), body, done) {})
    }

    /** A file of any length. Tried again only while nothing of it has been written. */
    suspend fun download(
        operation: Operation,
        into: OutputStream,
        options: CallOptions,
        path: Array<String> = emptyArray(),
        query: Array<Pair<String, Any?>> = emptyArray(),
        accept: String,
    ): Long {
        val headers = usual.newBuilder().set("Accept", accept).build()
        return transport.run(
            Exchange(operation, operation.url(base, path, query), options, headers, null) { response ->
                copy(response.body.byteStream(), into)
            },
        )
    }

    private fun headers(operation: Operation, ifMatch: String?): Headers {
        val headers = if (operation.isOpen) named else usual
        return if (ifMatch == null) headers else headers.newBuilder().add("If-Match", ifMatch).build()
    }

    /** POST /auth/refresh: needs no key, for the token itself happens once. */
    suspend fun refresh(refreshToken: String, isGentle: Boolean): TokenPair {
        val body = bodyOf(RefreshBody.serializer(), RefreshBody(refreshToken))
        return transport.run(
            Exchange(
                REFRESH, REFRESH.url(base, emptyArray(), emptyArray()), CallOptions.DEFAULT, usual, body,
                retriesMax = if (isGentle) 0 else RETRIES_MAX, isKeyed = false,
            ) { WIRE.decodeFromString(TokenPair.serializer(), it.body.string()) },
        )
    }

    private companion object {
        val REFRESH = Operation("refresh", "POST", "/auth/refresh", isOpen = true)

        fun copy(from: InputStream, into: OutputStream): Long {
            val buffer = ByteArray(DEFAULT_BUFFER_SIZE)
            var written = 0L
            while (true) {
                val size = try {
                    from.read(buffer)
                } catch (error: IOException) {
                    throw if (written == 0L) error else TornDownload(error)
                }
                if (size < 0) return written
                into.write(buffer, 0, size)
                written += size
            }
        }

        /** A header holds visible ASCII; a phone may be called anything. */
        fun visible(name: String): String = name.map { if (it in ' '..'~') it else '?' }.joinToString("").take(100)
    }
}

/** All pages, one after the other, each asked for when it is needed. */
internal fun <T> pages(page: suspend (cursor: String?) -> Page<T>): Flow<T> = flow {
    var cursor: String? = null
    do {
        val found = page(cursor)
        found.items.forEach { emit(it) }
        cursor = found.nextCursor
    } while (cursor != null)
}
