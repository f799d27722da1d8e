// Plays one scenario, step by step (the format is told in sdks/scenarios/README.md).
package dev.cleanly.scenarios

import dev.cleanly.ApiException
import dev.cleanly.NoAnswer
import dev.cleanly.NotSignedIn
import dev.cleanly.SessionState
import dev.cleanly.UnreadableAnswer
import java.util.UUID
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.test.fail
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.CoroutineScope

/** A call that is insisted on is given up after so many. */
private const val TRIES_MAX = 60

class Player(private val stand: Stand, private val scenario: Map<String, Any?>, fault: Any?) {
    private val clock = Clock(stand)
    private val devices = mutableMapOf<String, Device>()
    private val known = mutableMapOf<String, Any?>("run" to UUID.randomUUID().toString().take(8), "fault" to fault)
    private val meanwhile = mutableListOf<Deferred<*>>()
    private lateinit var before: Map<String, Any?>

    private fun device(name: String) = devices.getOrPut(name) { Device(stand, clock) }

    suspend fun play(beginnings: Map<String, Any?>, invariants: Map<String, Any?>) = coroutineScope {
        stand.post("/reset")
        before = fieldsOf(fromJson(stand.get("/effects")))
        scenario["begin"]?.let { steps(this, beginnings.getValue(it.toString())) }
        stand.post("/reset")
        steps(this, scenario["steps"])
        meanwhile.awaitAll()
        val seen = fieldsOf(fromJson(stand.get("/seen")))
        for ((name, wanted) in invariants) {
            val most = ((scenario[name] ?: wanted) as Number).toLong()
            val found = seen[name] as Long? ?: more(name)
            assertTrue(found <= most, "$name: $found")
        }
        for (device in devices.values) {
            device.client.close()
            val log = device.told.joinToString()
            for (secret in listOf("rt1.", "eyJ", "horse battery", known["run"].toString())) {
                assertFalse(secret in log, "the observer was told $secret")
            }
        }
    }

    private suspend fun steps(scope: CoroutineScope, steps: Any?) {
        for (step in itemsOf(steps)) {
            val plain = fieldsOf(step)
            if ("repeat" in plain) repeat((plain["repeat"] as Number).toInt()) { index ->
                known["index"] = index
                steps(scope, plain["steps"])
            } else try {
                one(scope, fieldsOf(filled(plain.filterKeys { it != "capture" }, known)) + mapOf("capture" to plain["capture"]))
            } catch (error: Throwable) {
                throw AssertionError("at $plain: ${error.message}\nseen: ${stand.get("/seen").toString().takeLast(3000)}", error)
            }
        }
    }

    private suspend fun one(scope: CoroutineScope, step: Map<String, Any?>) {
        when {
            "call" in step -> call(step)
            "list" in step -> list(step)
            "script" in step -> stand.post("/script", step["script"])
            "clock" in step -> move(fieldsOf(step["clock"]))
            "store" in step -> device("phone").store.dies = true
            "reopen" in step -> device(step["reopen"].toString()).reopen()
            "copy" in step -> fieldsOf(step["copy"]).let {
                devices[it["to"].toString()] = Device(stand, clock, MortalStore(device(it["from"].toString()).store.tokens))
            }
            "confirm" in step -> confirm(step["confirm"].toString())
            "restart" in step -> meanwhile += scope.async(Dispatchers.IO) { stand.post("/restart") }
            "session" in step -> session(fieldsOf(step["session"]))
            "effects" in step -> fieldsOf(step["effects"]).forEach { (name, wanted) -> effect(name, wanted) }
            "seen" in step -> seen(fieldsOf(step["seen"]))
            else -> fail("no such step: $step")
        }
    }

    private fun move(clocks: Map<String, Any?>) {
        for ((whose, seconds) in clocks) when (whose) {
            "server" -> clock.server((seconds as Number).toDouble())
            "device" -> device("phone").skewMillis.addAndGet((seconds as Number).toLong() * 1000)
            "both" -> clock.everybody((seconds as Number).toDouble())
            else -> fail("whose clock is $whose?")
        }
    }

    private suspend fun confirm(path: String) {
        val token = checkNotNull(device("phone").store.tokens).accessToken
        assertEquals(200, stand.postToService(path, token))
    }

    private suspend fun session(wanted: Map<String, Any?>) {
        val device = device((wanted["device"] ?: "phone").toString())
        if (wanted["is"] == "live") {
            assertNotNull(device.store.tokens, "there are no tokens")
            assertTrue(device.client.auth.isSignedIn())
        } else {
            assertNull(device.store.tokens, "there are tokens still")
            assertTrue(device.client.auth.state.value is SessionState.SignedOut)
        }
    }

    private fun effect(name: String, wanted: Any?) = assertEquals((wanted as Number).toLong(), more(name), name)

    private fun more(name: String): Long =
        (fieldsOf(fromJson(stand.get("/effects")))[name] as Long) - (before[name] as Long)

    private fun seen(wanted: Map<String, Any?>) {
        val told = fieldsOf(fromJson(stand.get("/seen")))
        val names = mapOf("calls" to "byCall", "keys" to "keysByCall", "statuses" to "statusesByCall")
        for ((kind, calls) in wanted) {
            val found = fieldsOf(told[names.getValue(kind)])
            if (fieldsOf(calls).isEmpty()) assertEquals(emptyMap(), found)
            for ((call, expected) in fieldsOf(calls)) assertTrue(fits(found[call], expected), "$kind of $call: ${found[call]}, not $expected")
        }
    }

    private suspend fun list(step: Map<String, Any?>) {
        val items = device((step["device"] ?: "phone").toString()).list(step["list"].toString(), fieldsOf(step["with"]))
        step["count"]?.let { assertEquals((it as Number).toInt(), items.size, "items") }
        capture(step, mapOf("items" to items), null)
    }

    private suspend fun call(step: Map<String, Any?>) {
        val every = step["every"] as Number?
        if (every != null && (known["index"] as Int) % every.toInt() != 0) return
        val sleptBefore = clock.sleptMillis.get()
        val together = step["together"] as Number?
        if (together != null) coroutineScope { List(together.toInt()) { async(Dispatchers.IO) { once(step) } }.awaitAll() }
        else repeat((step["times"] as Number? ?: 1).toInt()) { once(step) }
        val slept = (clock.sleptMillis.get() - sleptBefore) / 1000.0
        fieldsOf(step["waits"]).let { waits ->
            (waits["atLeast"] as Number?)?.let { assertTrue(slept >= it.toDouble(), "slept only $slept s") }
            (waits["atMost"] as Number?)?.let { assertTrue(slept <= it.toDouble(), "slept $slept s") }
        }
    }

    private suspend fun once(step: Map<String, Any?>) {
        val device = device((step["device"] ?: "phone").toString())
        val isInsisting = step["insist"] == true
        val key = step["key"]?.toString() ?: if (isInsisting) UUID.randomUUID().toString() else null
        val wantsEtag = "@etag" in fieldsOf(step["capture"]).values
        repeat(if (isInsisting) TRIES_MAX else 1) {
            val failure = try {
                val (answer, etag) = device.call(step["call"].toString(), fieldsOf(step["with"]), key, wantsEtag)
                if ("refused" in step || "fails" in step) fail("it was answered: $answer")
                for ((path, wanted) in fieldsOf(step["expect"])) {
                    assertTrue(fits(at(answer, path), wanted), "$path is ${at(answer, path)}, not $wanted")
                }
                capture(step, answer, etag)
                return
            } catch (error: Exception) {
                error
            }
            if (!isInsisting || !isNoAnswer(failure)) return judged(step, failure)
        }
        fail("never answered")
    }

    private fun isNoAnswer(failure: Exception): Boolean =
        failure is NoAnswer || failure is UnreadableAnswer || failure is ApiException && (failure.status == 503 || failure.status == 429)

    private fun judged(step: Map<String, Any?>, failure: Exception) {
        val refused = step["refused"]?.let { fieldsOf(it) }
        val kind = when (failure) {
            is NoAnswer, is UnreadableAnswer -> "no_answer"
            is NotSignedIn -> "not_signed_in"
            is Died -> "died"
            else -> null
        }
        when {
            refused != null && failure is ApiException -> {
                refused["code"]?.let { assertEquals(it, failure.code) }
                refused["status"]?.let { assertEquals((it as Number).toInt(), failure.status) }
                refused["action"]?.let { assertEquals(it, failure.action.text) }
                refused["field"]?.let { assertTrue(failure.fieldErrors.any { error -> error.field == it }) }
            }
            step["fails"] != null && step["fails"] == kind -> Unit
            else -> throw failure
        }
    }

    private fun capture(step: Map<String, Any?>, answer: Any?, etag: String?) {
        for ((name, path) in fieldsOf(step["capture"])) {
            known[name] = assertNotNull(if (path == "@etag") etag else at(answer, path.toString()), "$path to capture")
        }
    }
}
