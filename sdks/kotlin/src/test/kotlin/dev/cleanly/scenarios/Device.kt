// A phone of a scenario: a client on a store that may die, at a clock that may be wrong. Calls by the operation's id.
package dev.cleanly.scenarios

import dev.cleanly.Attempt
import dev.cleanly.CallOptions
import dev.cleanly.Cleanly
import dev.cleanly.Machine
import dev.cleanly.TokenStore
import dev.cleanly.Tokens
import dev.cleanly.User
import dev.cleanly.Versioned
import dev.cleanly.WIRE
import java.io.File
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicLong
import kotlin.random.Random
import kotlin.reflect.KFunction
import kotlin.reflect.KParameter
import kotlin.reflect.full.callSuspendBy
import kotlin.reflect.full.memberFunctions
import kotlin.reflect.full.memberProperties
import kotlin.reflect.jvm.isAccessible
import kotlin.time.AbstractLongTimeSource
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.toList
import kotlinx.serialization.json.Json
import kotlinx.serialization.serializer
import org.yaml.snakeyaml.Yaml

class Died : RuntimeException("the process died here")

class MortalStore(@Volatile var tokens: Tokens? = null) : TokenStore {
    @Volatile
    var dies = false

    override suspend fun load(): Tokens? = tokens

    override suspend fun save(tokens: Tokens) {
        if (dies) {
            dies = false
            throw Died()
        }
        this.tokens = tokens
    }

    override suspend fun clear() {
        tokens = null
    }
}

/** How far everybody's clocks are ahead, and how long the SDK has slept. To sleep is to move the clocks. */
class Clock(private val stand: Stand) {
    val aheadMillis = AtomicLong()
    val sleptMillis = AtomicLong()
    val source = object : AbstractLongTimeSource(DurationUnit.NANOSECONDS) {
        override fun read(): Long = System.nanoTime() + aheadMillis.get() * 1_000_000
    }

    fun server(seconds: Double) {
        stand.post("/clock", mapOf("seconds" to seconds))
    }

    fun everybody(seconds: Double) {
        server(seconds)
        aheadMillis.addAndGet((seconds * 1000).toLong())
    }

    fun sleep(duration: Duration) {
        everybody(duration.inWholeMilliseconds / 1000.0)
        sleptMillis.addAndGet(duration.inWholeMilliseconds)
    }
}

class Device(stand: Stand, private val clock: Clock, val store: MortalStore = MortalStore()) {
    val skewMillis = AtomicLong()
    private val machine = Machine(
        random = Random(7),
        time = clock.source,
        nowMillis = { System.currentTimeMillis() + clock.aheadMillis.get() + skewMillis.get() },
        readTimeout = 2.seconds, // what only a stall should reach, on a busy machine too
        pause = { clock.sleep(it) },
    )
    /** What a log would hold. */
    val told = ConcurrentLinkedQueue<Attempt>()
    private val open = { Cleanly(stand.proxy, store, null, 60.seconds, { told += it }, null, machine) }
    var client = open()
        private set

    fun reopen() {
        client.close()
        client = open()
    }

    /** The answer as it would be on the wire, and its ETag. */
    suspend fun call(operation: String, arguments: Map<String, Any?>, key: String?, wantsEtag: Boolean): Pair<Any?, String?> {
        val answer = invoke(operation, if (wantsEtag) "Versioned" else "", arguments, key)
        return if (answer is Versioned<*>) onWire(answer.value) to answer.etag else onWire(answer) to null
    }

    suspend fun list(operation: String, arguments: Map<String, Any?>): List<Any?> {
        val named = arguments.mapKeys { (name, _) -> if (name == "limit") "pageSize" else name }
        return (invoke(operation, "", named, null) as Flow<*>).toList().map(::onWire)
    }

    private suspend fun invoke(operation: String, suffix: String, arguments: Map<String, Any?>, key: String?): Any? {
        val (group, method) = SURFACE.getValue(operation).toString().split(".")
        val api = checkNotNull(client::class.memberProperties.first { it.name == group }.getter.call(client))
        val function = api::class.memberFunctions.first { it.name == method + suffix }
        function.isAccessible = true
        val given = mutableMapOf<KParameter, Any?>(function.parameters.first() to api)
        for ((name, value) in arguments) given[function.parameter(name)] = WIRE.decodeFromJsonElement(
            serializer(function.parameter(name).type), toJson(value),
        )
        if (key != null) given[function.parameter("options")] = CallOptions(idempotencyKey = key)
        return try {
            function.callSuspendBy(given)
        } catch (error: java.lang.reflect.InvocationTargetException) {
            throw error.targetException
        }
    }

    private fun KFunction<*>.parameter(name: String): KParameter =
        parameters.firstOrNull { it.name == name } ?: error("${this.name} has no parameter $name")

    private fun onWire(answer: Any?): Any? = when (answer) {
        null, is Unit, is Boolean -> answer
        // The library keeps the tokens to itself.
        is User -> fromJson(FULL.encodeToJsonElement(User.serializer(), answer)).let { fieldsOf(it) + mapOf("user" to it, "tokenType" to "Bearer") }
        else -> fromJson(FULL.encodeToJsonElement(serializer(answer.javaClass), answer))
    }

    private companion object {
        val FULL = Json { encodeDefaults = true }
        val SURFACE = fieldsOf(fieldsOf(Yaml().load<Any>(File("../surface.yaml").readText()))["operations"])
    }
}
