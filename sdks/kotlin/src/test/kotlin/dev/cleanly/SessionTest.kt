package dev.cleanly

import java.io.IOException
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import mockwebserver3.MockResponse
import mockwebserver3.RecordedRequest
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

class SessionTest {
    private val refreshes = AtomicInteger()

    /** A service that takes access tokens from [live] on, and trades refresh tokens. */
    private fun Stage.service(live: Int = 2, refresh: (Int) -> MockResponse = { answer(200, pair(it + 1)) }) {
        on("GET /users/me") { request ->
            val number = number(request)
            if (number < live) refusal(401, "TOKEN_EXPIRED") else answer(200, USER)
        }
        on("POST /auth/refresh") { refresh(refreshes.incrementAndGet()) }
    }

    private fun number(request: RecordedRequest): Int =
        checkNotNull(request.headers["Authorization"]).removePrefix("Bearer access").toInt()

    @Test
    fun `twenty calls with a dead token make one refresh, and all are answered`() = onStage {
        signedIn()
        service()
        val names = List(20) { scope.async { client.users.get().name } }.map { it.await() }
        assertEquals(List(20) { "Ada" }, names)
        assertEquals(1, refreshes.get())
    }

    @Test
    fun `twenty calls at a token's end by the clock make one refresh, before any is sent`() = onStage {
        signedIn()
        later(1000.seconds)
        service()
        List(20) { scope.async { client.users.get() } }.forEach { it.await() }
        assertEquals(1, refreshes.get())
        assertEquals(21, server.requestCount)
    }

    @Test
    fun `a new pair is stored before it is used`() = onStage {
        signedIn()
        service()
        on("GET /users/me") { request ->
            store.events += "use ${number(request)}"
            if (number(request) < 2) refusal(401, "TOKEN_SUPERSEDED") else answer(200, USER)
        }
        client.users.get()
        assertEquals(listOf("use 1", "save refresh2", "use 2"), store.events.toList())
    }

    @Test
    fun `a pair that can't be stored is not used, and the old one is traded again`() = onStage {
        signedIn()
        service()
        store.failure = IOException("the disk is full")
        assertEquals("the disk is full", failing<IOException> { client.users.get() }.message)
        store.failure = null
        client.users.get()
        repeat(5) { taken().let { request -> if ("refresh" in request.target) assertTrue("refresh1" in request.body!!.utf8()) } }
        assertEquals("refresh3", store.load()?.refreshToken)
    }

    @Test
    fun `a call is repeated once after a refresh, not more`() = onStage {
        signedIn()
        service(live = 99)
        failing<TokenExpired> { client.users.get() }
        assertEquals(1, refreshes.get())
        assertEquals(3, server.requestCount)
        assertTrue(client.auth.isSignedIn())
    }

    companion object {
        @JvmStatic
        fun table() = ERRORS.map { (code, status) -> arrayOf<Any>(code, status) }

        private val ERRORS = Regex("\"code\":\"([A-Z_]+)\",\"status\":(\\d+)")
            .findAll(java.io.File("../errors.json").readText()).map { it.groupValues[1] to it.groupValues[2].toInt() }.toList()
    }

    @ParameterizedTest
    @MethodSource("table")
    fun `a refusal of the refresh ends the session only by the codes that end it`(code: String, status: Int) = onStage {
        signedIn()
        later(1000.seconds)
        service { refusal(status, code) }
        assertEquals(code, failing<ApiException> { client.users.get() }.code)
        val isOver = code in setOf(
            "REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED", "SESSION_REVOKED", "SESSION_EXPIRED", "TOKEN_INVALID",
        )
        assertEquals(isOver, store.load() == null)
        assertEquals(isOver, client.auth.state.value is SessionState.SignedOut)
    }

    @ParameterizedTest
    @MethodSource("table")
    fun `a refusal of a call ends the session only by the codes that end it`(code: String, status: Int) = onStage {
        signedIn()
        service(live = 0)
        on("GET /users/me") { refusal(status, code) }
        assertEquals(code, failing<ApiException> { client.users.get() }.code)
        val isOver = code.startsWith("SESSION_") || code.startsWith("REFRESH_TOKEN_") || code == "TOKEN_INVALID"
        assertEquals(isOver, store.load() == null)
        if (isOver) assertEquals(code, (client.auth.state.value as SessionState.SignedOut).cause?.code)
    }

    @Test
    fun `a refresh that the network swallows keeps the tokens, and makes four tries for all who wait`() = onStage {
        signedIn()
        later(1000.seconds)
        service { lost() }
        val failures = List(5) { scope.async { failing<NoAnswer> { client.users.get() } } }.map { it.await() }
        assertEquals(5, failures.size)
        assertEquals(4, refreshes.get())
        assertEquals("refresh1", store.load()?.refreshToken)
    }

    @Test
    fun `a renewal ahead of time that fails holds up no call, and rests`() = onStage {
        signedIn()
        later(850.seconds)
        service(live = 1) { refusal(503, "SERVICE_UNAVAILABLE", "Retry-After" to "2") }
        repeat(3) { client.users.get() }
        assertEquals(1, refreshes.get())
        assertEquals(0, sleptMillis)
        later(11.seconds)
        client.users.get()
        assertEquals(2, refreshes.get())
    }

    @Test
    fun `a renewal happens between 70 and 90 percent of a token's life`() = onStage {
        signedIn()
        service(live = 1)
        later(629.seconds)
        client.users.get()
        assertEquals(0, refreshes.get())
        later(182.seconds)
        client.users.get()
        assertEquals(1, refreshes.get())
    }

    @Test
    fun `who waits may give up, and the refresh goes on for the others`() = onStage {
        signedIn()
        val isAsked = CountDownLatch(1)
        val mayAnswer = CountDownLatch(1)
        service {
            isAsked.countDown()
            mayAnswer.await(5, TimeUnit.SECONDS)
            answer(200, pair(2))
        }
        val first = scope.launch { client.users.get() }
        while (isAsked.count > 0) {
            scope.testScheduler.runCurrent()
            isAsked.await(5, TimeUnit.MILLISECONDS)
        }
        val second = scope.async { client.users.get().name }
        scope.testScheduler.runCurrent()
        first.cancelAndJoin()
        mayAnswer.countDown()
        assertEquals("Ada", second.await())
        assertEquals(1, refreshes.get())
    }

    @Test
    fun `who needs a refresh of a closed client is told so, and not cancelled`() = onStage {
        signedIn()
        later(1000.seconds)
        service()
        val phone = open()
        phone.close()
        assertEquals("the client is closed", failing<NoAnswer> { phone.users.get() }.message)
        assertEquals(0, refreshes.get())
    }

    @Test
    fun `another client on the same store has been faster`() = onStage {
        signedIn()
        service()
        client.users.get()
        val other = open()
        store.inner.save(Tokens("access7", "refresh7", nowMillis(), 900))
        other.users.get()
        on("GET /users/me") { if (number(it) < 7) refusal(401, "TOKEN_EXPIRED") else answer(200, USER) }
        client.users.get()
        assertEquals(1, refreshes.get())
        other.close()
    }

    @Test
    fun `what another client has traded between two tries is taken`() = onStage {
        for (reply in listOf(lost(), refusal(401, "REFRESH_TOKEN_REUSED"))) {
            signedIn()
            refreshes.set(0)
            val phone = open()
            phone.auth.isSignedIn()
            later(1000.seconds)
            service(live = 7) {
                runBlocking { store.inner.save(Tokens("access7", "refresh7", nowMillis(), 900)) }
                reply
            }
            assertEquals("Ada", phone.users.get().name)
            assertEquals(1, refreshes.get())
            assertEquals("refresh7", store.load()?.refreshToken)
            phone.close()
        }
    }

    @Test
    fun `a renewal ahead of time that hangs leaves its call time for the token that is good`() = onStage(1.seconds) {
        signedIn()
        later(850.seconds)
        val mayAnswer = CountDownLatch(1)
        service(live = 1) {
            mayAnswer.await(10, TimeUnit.SECONDS)
            answer(200, pair(2))
        }
        assertEquals("Ada", client.users.get().name)
        assertEquals("Ada", client.users.get().name)
        mayAnswer.countDown()
    }

    @Test
    fun `a login during a refresh is not undone by it`() = onStage {
        signedIn()
        val isAsked = CountDownLatch(1)
        val mayAnswer = CountDownLatch(1)
        service {
            isAsked.countDown()
            mayAnswer.await(5, TimeUnit.SECONDS)
            refusal(401, "SESSION_REVOKED")
        }
        on("POST /auth/login") { answer(200, pair(9).dropLast(1) + ""","user":$USER}""") }
        val old = scope.async { runCatching { client.users.get() } }
        while (isAsked.count > 0) {
            scope.testScheduler.runCurrent()
            isAsked.await(5, TimeUnit.MILLISECONDS)
        }
        assertEquals("Ada", client.auth.login("ada@example.com", "a phrase").name)
        mayAnswer.countDown()
        old.await()
        assertEquals("refresh9", store.load()?.refreshToken)
        assertIs<SessionState.SignedIn>(client.auth.state.value)
    }

    @Test
    fun `a logout forgets the tokens though nobody answers`() = onStage {
        signedIn()
        on("POST /auth/logout") { lost() }
        assertFalse(client.auth.logout())
        assertNull(store.load())
        assertIs<NotSignedIn>(failing<CleanlyException> { client.users.get() })
    }

    @Test
    fun `logging out the others keeps this one`() = onStage {
        signedIn()
        on("POST /auth/logout") { answer(204) }
        assertTrue(client.auth.logout(LogoutScope.OTHERS))
        assertEquals("""{"refreshToken":"refresh1","scope":"others"}""", taken().body?.utf8())
        assertTrue(client.auth.isSignedIn())
    }

    @Test
    fun `nobody sees what was kept for who was here before`() = onStage {
        signedIn()
        answers(answer(200, USER, "ETag" to "\"v1\""), answer(204), answer(200, USER))
        client.users.get()
        client.auth.logout()
        on("POST /auth/login") { answer(200, pair(9).dropLast(1) + ""","user":$USER}""") }
        client.auth.login("eve@example.com", "a phrase")
        client.users.get()
        assertNull(List(4) { taken() }.last().headers["If-None-Match"])
    }

    @Test
    fun `a registration that gives nothing away signs nobody in`() = onStage {
        on("POST /auth/register") { answer(202, """{"status":"accepted"}""") }
        assertNull(client.auth.register("ada@example.com", "a phrase", "Ada"))
        assertFalse(client.auth.isSignedIn())
        assertEquals("Ada's phone", taken().headers["X-Device-Name"])
    }

    @Test
    fun `a changed password installs the new pair`() = onStage {
        signedIn()
        on("POST /auth/password/change") { answer(200, pair(5)) }
        client.auth.changePassword("old", "new")
        assertEquals("refresh5", store.load()?.refreshToken)
    }
}
