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

internal class Caller(
    private val base: HttpUrl,
    private val transport: Transport,
    private val kept: Kept,
    userAgent: String,
    deviceName: String?,
) {
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

    /** A read whose answer is kept: while nothing has changed, the service sends none and the kept one is given. */
    suspend fun <T> versioned(
        operation: Operation,
        reply: DeserializationStrategy<T>,
        options: CallOptions,
        path: Array<String> = emptyArray(),
        query: Array<Pair<String, Any?>> = emptyArray(),
    ): Versioned<T> {
        val url = operation.url(base, path, query)
        val known = kept[url]
        val headers = known?.etag?.let { usual.newBuilder().add("If-None-Match", it).build() } ?: usual
        val found = transport.run(
            Exchange(operation, url, options, headers, null) {
                if (it.code == 304) return@Exchange null
                Versioned(WIRE.decodeFromString(reply, it.body.string()), it.header("ETag"))
            },
        )
        @Suppress("UNCHECKED_CAST") // one URL is one operation, and so one type
        return found?.also { if (it.etag != null) kept[url] = it } ?: known as Versioned<T>
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

    /** Leave. The reply may be lost: then the next try meets a session that died with the account. */
    suspend fun erase(operation: Operation, options: CallOptions, path: Array<String>) {
        send(operation, options, path, isDoneBy = { it.endsSession || it is NotFound })
        if (path.single() == "me") transport.keeper.end(null) { true }
    }

    /** A file of any length. Tried again only while nothing of it has been written. */
    suspend fun download(
        operation: Operation,
        into: OutputStream,
        options: CallOptions,
        path: Array<String> = emptyArray(),
        query: Array<Pair<String, Any?>> = emptyArray(),
    ): Long {
        val headers = usual.newBuilder().set("Accept", "text/csv").build()
        val exchange = Exchange(operation, operation.url(base, path, query), options, headers, null) { response ->
            copy(response.body.byteStream(), into)
        }
        return try {
            transport.run(exchange)
        } catch (unwritten: Unwritten) {
            throw unwritten.failure
        }
    }

    private fun headers(operation: Operation, ifMatch: String?): Headers {
        val headers = if (operation.isOpen) named else usual
        return if (ifMatch == null) headers else headers.newBuilder().add("If-Match", ifMatch).build()
    }

    /** POST /auth/refresh: needs no key, for the token itself happens once. */
    suspend fun refresh(refreshToken: String, isGentle: Boolean, beforeRetry: suspend () -> Unit): TokenPair {
        val body = bodyOf(RefreshBody.serializer(), RefreshBody(refreshToken))
        return transport.run(
            Exchange(
                REFRESH, REFRESH.url(base, emptyArray(), emptyArray()), CallOptions.DEFAULT, usual, body,
                retriesMax = if (isGentle) 0 else RETRIES_MAX, isKeyed = false, beforeRetry = beforeRetry,
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
                try {
                    into.write(buffer, 0, size)
                } catch (error: IOException) {
                    throw Unwritten(error)
                }
                written += size
            }
        }

        /** A header holds visible ASCII; a phone may be called anything. */
        fun visible(name: String): String = name.map { if (it in ' '..'~') it else '?' }.joinToString("").take(100)
    }
}

/** The caller's own file failed: no fault of the network, and nothing to try again. */
private class Unwritten(val failure: IOException) : RuntimeException(failure)

/** The last answers that have an ETag, of whoever is signed in. */
internal class Kept {
    private val byUrl = object : LinkedHashMap<HttpUrl, Versioned<*>>(16, 0.75f, true) {
        override fun removeEldestEntry(eldest: MutableMap.MutableEntry<HttpUrl, Versioned<*>>): Boolean = size > MAX
    }

    operator fun get(url: HttpUrl): Versioned<*>? = synchronized(byUrl) { byUrl[url] }

    operator fun set(url: HttpUrl, value: Versioned<*>) = synchronized(byUrl) { byUrl[url] = value }

    fun clear() = synchronized(byUrl) { byUrl.clear() }

    private companion object {
        const val MAX = 64
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
