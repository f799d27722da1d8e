// A client before a server that says what it is told, at a clock that nobody waits for.
package dev.cleanly

import java.util.Collections
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.TimeUnit
import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.test.StandardTestDispatcher
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.runTest
import mockwebserver3.Dispatcher
import mockwebserver3.MockResponse
import mockwebserver3.MockWebServer
import mockwebserver3.RecordedRequest
import mockwebserver3.SocketEffect

const val USER = """{"id":"u1","email":"ada@example.com","emailVerified":true,"name":"Ada","avatarUrl":null,"role":"user",
"createdAt":"2026-11-22T12:00:00.000Z","updatedAt":"2026-11-22T12:00:00.000Z","shoeSize":38}"""

fun pair(number: Int, expiresIn: Int = 900): String =
    """{"accessToken":"access$number","refreshToken":"refresh$number","expiresIn":$expiresIn,"tokenType":"Bearer"}"""

fun answer(status: Int, body: String = "", vararg headers: Pair<String, String>): MockResponse {
    val response = MockResponse.Builder().code(status).body(body)
    for ((name, value) in headers) response.addHeader(name, value)
    return response.build()
}

fun refusal(status: Int, code: String, vararg headers: Pair<String, String>, details: String = "{}"): MockResponse =
    answer(status, """{"error":{"code":"$code","message":"It says $code","details":$details}}""", *headers)

/** The service does it, and the connection breaks. */
fun lost(): MockResponse = MockResponse.Builder().onResponseStart(SocketEffect.CloseSocket()).build()

/** The connection breaks in the middle of the body. */
fun torn(body: String): MockResponse =
    MockResponse.Builder().body(body).onResponseBody(SocketEffect.CloseSocket()).build()

/** Keeps what a test may look at. */
class WatchedStore(val inner: MemoryTokenStore = MemoryTokenStore()) : TokenStore {
    val events: MutableList<String> = Collections.synchronizedList(mutableListOf())
    var failure: Exception? = null

    override suspend fun load(): Tokens? = inner.load()

    override suspend fun save(tokens: Tokens) {
        failure?.let { throw it }
        events += "save ${tokens.refreshToken}"
        inner.save(tokens)
    }

    override suspend fun clear() {
        events += "clear"
        inner.clear()
    }
}

@OptIn(ExperimentalCoroutinesApi::class)
class Stage(val scope: TestScope, val store: WatchedStore, deadline: Duration) : AutoCloseable {
    val server = MockWebServer()
    val attempts = ConcurrentLinkedQueue<Attempt>()
    val handlers = linkedMapOf<String, (RecordedRequest) -> MockResponse>()
    private val scripted = ConcurrentLinkedQueue<MockResponse>()
    private var skewMillis = 0L

    init {
        server.dispatcher = object : Dispatcher() {
            override fun dispatch(request: RecordedRequest): MockResponse {
                val call = "${request.method} ${request.url.encodedPath.removePrefix("/api/v1")}"
                return handlers[call]?.invoke(request) ?: scripted.poll() ?: answer(500, "nothing more is scripted")
            }
        }
        server.start()
    }

    val client = open(deadline)

    /** Another client on the same store and server. */
    fun open(deadline: Duration = 60.seconds): Cleanly = Cleanly(
        server.url("/").toString().removeSuffix("/"), store, "Ada's phone", deadline, { attempts += it }, null,
        Machine(
            random = Random(1),
            time = scope.testScheduler.timeSource,
            nowMillis = ::nowMillis,
            background = StandardTestDispatcher(scope.testScheduler),
        ),
    )

    fun nowMillis(): Long = 1_795_348_800_000 + skewMillis + scope.testScheduler.currentTime

    /** How long the client has waited. */
    val sleptMillis: Long get() = scope.testScheduler.currentTime

    /** The wall clock goes on; nothing else does. */
    fun later(by: Duration) {
        skewMillis += by.inWholeMilliseconds
    }

    /** What is answered next, to calls that have no handler. */
    fun answers(vararg responses: MockResponse) {
        scripted += responses
    }

    fun on(call: String, handler: (RecordedRequest) -> MockResponse) {
        handlers[call] = handler
    }

    suspend fun signedIn(number: Int = 1, expiresIn: Int = 900) {
        store.inner.save(Tokens("access$number", "refresh$number", nowMillis(), expiresIn))
    }

    fun taken(): RecordedRequest = checkNotNull(server.takeRequest(5, TimeUnit.SECONDS)) { "no request came" }

    override fun close() {
        client.close()
        server.close()
    }
}

/** One test: its virtual time is measured by `testScheduler.currentTime`. */
fun onStage(deadline: Duration = 60.seconds, body: suspend Stage.() -> Unit) = runTest(timeout = 1.minutes) {
    Stage(this, WatchedStore(), deadline).use { it.body() }
}

suspend inline fun <reified T : Throwable> failing(crossinline block: suspend () -> Unit): T {
    try {
        block()
    } catch (error: Throwable) {
        if (error is T) return error
        throw AssertionError("not the failure that was expected", error)
    }
    throw AssertionError("it did not fail")
}
