package dev.cleanly

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.OutputStream
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import mockwebserver3.MockResponse
import mockwebserver3.SocketEffect

class TransportTest {
    private val product = """{"id":"p1","sellerId":null,"name":"Honey","imageUrls":[],"kind":"physical","status":"active",
        "prices":[],"createdAt":"2026-11-22T12:00:00.000Z","updatedAt":"2026-11-22T12:00:00.000Z","description":""}"""

    @Test
    fun `a call that fails is repeated with the same key, the same body, the same request id`() = onStage {
        signedIn()
        answers(lost(), refusal(503, "SERVICE_UNAVAILABLE", "Retry-After" to "2"), torn(product), answer(201, product))
        assertEquals("Honey", client.catalog.createProduct("Honey", ProductKind.PHYSICAL).name)
        val requests = List(4) { taken() }
        assertEquals(1, requests.map { it.headers["Idempotency-Key"] }.toSet().size)
        assertEquals(1, requests.map { it.headers["X-Request-ID"] }.toSet().size)
        assertEquals(1, requests.map { it.body?.utf8() }.toSet().size)
        assertTrue(sleptMillis >= 2000, "Retry-After is obeyed")
    }

    @Test
    fun `two calls have two keys, and a caller may bring its own`() = onStage {
        signedIn()
        answers(answer(201, product), answer(201, product), answer(201, product))
        repeat(2) { client.catalog.createProduct("Honey", ProductKind.PHYSICAL) }
        client.catalog.createProduct("Honey", ProductKind.PHYSICAL, options = CallOptions(idempotencyKey = "cart-1"))
        val keys = List(3) { taken().headers["Idempotency-Key"] }
        assertNotEquals(keys[0], keys[1])
        assertEquals("cart-1", keys[2])
    }

    @Test
    fun `what can't change is not asked twice`() = onStage {
        signedIn()
        for ((status, code) in listOf(402 to "PAYMENT_DECLINED", 403 to "FORBIDDEN", 409 to "CONFLICT", 422 to "WEAK_PASSWORD")) {
            answers(refusal(status, code))
            assertEquals(code, failing<ApiException> { client.payments.create("p", Provider.SANDBOX) }.code)
        }
        assertEquals(4, server.requestCount)
    }

    @Test
    fun `after three more tries the failure is told, with the key to go on with`() = onStage {
        signedIn()
        answers(lost(), lost(), lost(), lost())
        val failure = failing<NoAnswer> { client.payments.create("p", Provider.SANDBOX) }
        assertEquals(4, server.requestCount)
        assertEquals(taken().headers["Idempotency-Key"], failure.idempotencyKey)
        assertEquals(Action.RETRY_WITH_THE_SAME_KEY, failure.action)
        assertFalse(failure.isDeadline)
    }

    @Test
    fun `what a hotel's login page answers is no answer`() = onStage {
        signedIn()
        answers(answer(200, "<html>Welcome</html>"), answer(302, "", "Location" to "http://hotel.example/"), answer(200, USER))
        assertEquals("Ada", client.users.get().name)
        answers(*Array(4) { answer(200, "<html>Welcome</html>") })
        assertEquals(200, failing<UnreadableAnswer> { client.users.get() }.status)
    }

    @Test
    fun `a wait that would outlast the deadline is not begun`() = onStage(deadline = 30.seconds) {
        signedIn()
        answers(refusal(429, "ACCOUNT_TEMPORARILY_LOCKED", "Retry-After" to "3600"))
        val failure = failing<AccountTemporarilyLocked> { client.users.get() }
        assertEquals(3600.seconds, failure.retryAfter)
        assertEquals(0, sleptMillis)
        assertEquals(1, server.requestCount)
    }

    @Test
    fun `a deadline ends a call in the middle of an attempt`() = onStage {
        signedIn()
        answers(MockResponse.Builder().onResponseStart(SocketEffect.Stall).build())
        val failure = failing<NoAnswer> { client.users.get(options = CallOptions(deadline = 200.milliseconds)) }
        assertEquals("no answer: InterruptedIOException", failure.message)
    }

    @Test
    fun `a cancelled coroutine takes its call with it`() = onStage {
        signedIn()
        answers(MockResponse.Builder().onResponseStart(SocketEffect.Stall).build())
        val call = scope.launch { client.users.get() }
        scope.testScheduler.runCurrent()
        taken()
        call.cancelAndJoin()
        assertTrue(call.isCancelled)
        assertEquals(1, server.requestCount)
    }

    @Test
    fun `what was deleted by an attempt that was not answered is deleted`() = onStage {
        signedIn()
        answers(lost(), refusal(404, "NOT_FOUND"))
        client.catalog.archiveProduct("p1")
        answers(refusal(404, "NOT_FOUND"))
        failing<NotFound> { client.catalog.archiveProduct("p1") }
    }

    @Test
    fun `an account whose erasure was answered into the void is erased`() = onStage {
        signedIn()
        answers(lost(), refusal(401, "SESSION_REVOKED"))
        client.users.erase()
        assertNull(store.load())
        assertNull(assertIs<SessionState.SignedOut>(client.auth.state.value).cause)
    }

    @Test
    fun `a refusal tells the fields, the request and what to do`() = onStage {
        signedIn()
        val details = """{"field":"a","reason":"missing","errors":[{"field":"a","reason":"missing","message":"A is missing"},
            {"field":"b","reason":"too_long","message":"B is too long"}]}"""
        answers(refusal(422, "VALIDATION_ERROR", "X-Request-ID" to "request-17", details = details))
        val failure = failing<ValidationError> { client.users.change(name = "") }
        assertEquals(listOf("a" to "missing", "b" to "too_long"), failure.fieldErrors.map { it.field to it.reason })
        assertEquals("B is too long", failure.fieldErrors[1].message)
        assertEquals("request-17", failure.requestId)
        assertEquals("show the field's message", failure.action.text)
    }

    @Test
    fun `a code of tomorrow, and a proxy's page, are judged by their status`() = onStage {
        signedIn()
        answers(refusal(409, "TOO_LATE"))
        assertEquals(Action.SHOW_IT, failing<Unrecognized> { client.users.get() }.action)
        answers(*Array(4) { answer(502, "<html>Bad gateway</html>") })
        val failure = failing<Unrecognized> { client.users.get() }
        assertEquals("HTTP_502" to Action.RETRY_WITH_BACKOFF, failure.code to failure.action)
        assertEquals(5, server.requestCount)
    }

    @Test
    fun `what has not changed is not sent again`() = onStage {
        signedIn()
        answers(answer(200, USER, "ETag" to "\"v1\""), answer(304))
        val first = client.users.getVersioned()
        assertEquals("\"v1\"", first.etag)
        assertEquals(first.value, client.users.get())
        taken()
        assertEquals("\"v1\"", taken().headers["If-None-Match"])
    }

    @Test
    fun `a list goes on by itself, and no further than it is read`() = onStage {
        val pages = listOf("""{"items":[$product,$product],"nextCursor":"c 2"}""", """{"items":[$product],"nextCursor":null}""")
        answers(answer(200, pages[0]), answer(200, pages[1]), answer(200, pages[0]))
        assertEquals(3, client.catalog.products(pageSize = 2, kind = ProductKind.PHYSICAL).toList().size)
        assertEquals("/api/v1/products?kind=physical&limit=2", taken().target)
        assertEquals("/api/v1/products?kind=physical&limit=2&cursor=c%202", taken().target)
        assertEquals(2, client.catalog.products().take(2).toList().size)
        assertEquals(3, server.requestCount)
    }

    @Test
    fun `a file is begun again only while nothing of it was handed over`() = onStage {
        signedIn()
        answers(lost(), answer(200, "id,amount\n1,2\n"))
        val whole = ByteArrayOutputStream()
        assertEquals(14, client.payouts.transactionsCsv(whole))
        assertEquals("id,amount\n1,2\n", whole.toString())
        answers(torn("id,amount\n".repeat(100_000)))
        failing<NoAnswer> { client.payouts.transactionsCsv(ByteArrayOutputStream()) }
        assertEquals(3, server.requestCount)
    }

    @Test
    fun `a file that can't be written is the caller's affair, and no reason to ask again`() = onStage {
        signedIn()
        answers(answer(200, "id,amount\n1,2\n"))
        val full = object : OutputStream() {
            override fun write(byte: Int) = throw IOException("the disk is full")
        }
        assertEquals("the disk is full", failing<IOException> { client.payouts.transactionsCsv(full) }.message)
        assertEquals(1, server.requestCount)
    }

    @Test
    fun `an id can't become another path`() = onStage {
        signedIn()
        answers(answer(200, USER))
        for (id in listOf("", ".", "..")) failing<IllegalArgumentException> { client.users.get(id) }
        client.users.get("../admin?x=1")
        assertEquals("/api/v1/users/..%2Fadmin%3Fx=1", taken().target)
    }

    @Test
    fun `the observer hears of every attempt, and of nothing secret`() = onStage {
        signedIn()
        answers(lost(), refusal(503, "SERVICE_UNAVAILABLE", "Retry-After" to "1"), answer(200, USER))
        client.users.get("019ab1c2")
        assertEquals(listOf(1 to null, 2 to 503, 3 to 200), attempts.map { it.number to it.status })
        assertEquals(setOf("/users/{id}"), attempts.map { it.path }.toSet())
        assertEquals("SERVICE_UNAVAILABLE", attempts.toList()[1].code)
        assertFalse(attempts.any { "access1" in it.toString() || "019ab1c2" in it.toString() })
    }

    @Test
    fun `twenty calls go at once`() = onStage {
        signedIn()
        val all = java.util.concurrent.CyclicBarrier(20)
        on("GET /users/me") {
            all.await(5, java.util.concurrent.TimeUnit.SECONDS)
            answer(200, USER)
        }
        val names = List(20) { scope.async { client.users.get().name } }.map { it.await() }
        assertEquals(setOf("Ada"), names.toSet())
    }
}
