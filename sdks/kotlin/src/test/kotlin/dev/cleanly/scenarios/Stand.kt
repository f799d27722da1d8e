// The service, the bad network before it and the knobs of both, in processes of their own (sdks/scenarios/README.md).
package dev.cleanly.scenarios

import java.io.Closeable
import java.io.File
import java.util.concurrent.TimeUnit
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody

/** Started by the first who asks, ended with the JVM: it ends by itself when its input does. */
class Stand private constructor(private val process: Process, addresses: JsonObject) : Closeable {
    val proxy = addresses.getValue("proxy").jsonPrimitive.content
    val service = addresses.getValue("service").jsonPrimitive.content
    private val control = addresses.getValue("control").jsonPrimitive.content
    private val http = OkHttpClient.Builder().readTimeout(90, TimeUnit.SECONDS).build()

    fun post(path: String, body: Any? = emptyMap<String, Any>()): JsonObject =
        ask(Request.Builder().url(control + path).post(toJson(body).toString().toRequestBody()).build())

    fun get(path: String): JsonObject = ask(Request.Builder().url(control + path).build())

    /** Past the proxy and the SDK. */
    fun postToService(path: String, token: String): Int {
        val request = Request.Builder().url(service + path).header("Authorization", "Bearer $token")
        return http.newCall(request.post(ByteArray(0).toRequestBody()).build()).execute().use { it.code }
    }

    private fun ask(request: Request): JsonObject = http.newCall(request).execute().use {
        val text = it.body.string()
        check(it.isSuccessful) { "${request.url}: ${it.code} $text" }
        Json.parseToJsonElement(text).jsonObject
    }

    override fun close() {
        process.outputStream.close()
        if (!process.waitFor(20, TimeUnit.SECONDS)) process.destroyForcibly()
        http.dispatcher.executorService.shutdown()
    }

    companion object {
        private val ROOT = File("../..").canonicalFile
        private val PYTHON = File(ROOT, ".venv/bin/python")

        /** One for all tests; null where the service can't be run. */
        val shared: Stand? by lazy {
            startOrNull()?.also { Runtime.getRuntime().addShutdownHook(Thread(it::close)) }
        }

        private fun startOrNull(): Stand? {
            if (!PYTHON.canExecute()) return null
            val words = listOf(PYTHON.path, "-m", "sdks.scenarios") + listOfNotNull(System.getenv("SCENARIOS_DATABASE_URL"))
            val builder = ProcessBuilder(words).directory(ROOT).redirectError(File("target/stand.log"))
            val process = builder.start()
            val line = process.inputStream.bufferedReader().readLine()
            checkNotNull(line) { "the stand did not start:\n" + File("target/stand.log").readText().takeLast(2000) }
            return Stand(process, Json.parseToJsonElement(line).jsonObject)
        }
    }
}
