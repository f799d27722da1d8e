// What the library costs over a bare OkHttp, per call, on loopback. Ratios of one run; absolute times are this machine's.
//
//     mvn -q test-compile exec:java -Dexec.mainClass=dev.cleanly.bench.OverheadKt
package dev.cleanly.bench

import com.sun.net.httpserver.HttpServer
import dev.cleanly.Cleanly
import dev.cleanly.scenarios.Stand
import java.io.IOException
import java.net.InetSocketAddress
import java.util.UUID
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.system.exitProcess
import kotlin.time.Duration
import kotlin.time.measureTime
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import okhttp3.Call
import okhttp3.Callback
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response

private const val ROUNDS = 15
private const val CALLS = 200

private const val USER = """{"id":"019ab1c2-8e4f-7a31-9c55-3f1d2e4b5a60","email":"ada@example.com","emailVerified":true,
"name":"Ada","avatarUrl":null,"role":"user","createdAt":"2026-11-22T12:00:00.000Z","updatedAt":"2026-11-22T12:00:00.000Z"}"""

private val BALANCE = """{"items":[{"currency":"EUR",""" +
    listOf("pending", "held", "reserve", "disputed", "available", "inTransit", "receivable")
        .joinToString(",") { """"$it":{"amount":1250,"currency":"EUR"}""" } + "}]}"

/** A service that thinks for no time at all: the harshest measure, for all that is left is the client. */
private fun instant(): HttpServer {
    // Else the kernel waits 40 ms to join small packets, and every client is as slow as that.
    System.setProperty("sun.net.httpserver.nodelay", "true")
    val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)
    server.executor = Executors.newFixedThreadPool(4)
    server.createContext("/") { exchange ->
        val pair = """"accessToken":"a","refreshToken":"r","expiresIn":90000,"tokenType":"Bearer""""
        val isNew = exchange.requestURI.path.endsWith("register")
        val body = (if (isNew) """{$pair,"user":$USER}""" else BALANCE).toByteArray()
        exchange.requestBody.use { it.readBytes() }
        exchange.responseHeaders.add("Content-Type", "application/json")
        exchange.sendResponseHeaders(200, body.size.toLong())
        exchange.responseBody.use { it.write(body) }
    }
    server.start()
    return server
}

fun main() {
    val server = instant()
    println("against a server in this process that answers at once")
    report("http://127.0.0.1:${server.address.port}")
    server.stop(0)
    Stand.shared?.let { stand ->
        println("against the service")
        report(stand.service)
    }
    exitProcess(0)
}

private fun report(base: String) {
    val client = Cleanly(base)
    runBlocking { client.auth.register("bench-${UUID.randomUUID()}@example.com", "correct horse battery staple", "Ada") }
    val http = OkHttpClient.Builder().readTimeout(30, TimeUnit.SECONDS).build()
    val token = tokenOf(http, base)
    val read = Request.Builder().url("$base/api/v1/balance").header("Authorization", "Bearer $token").build()
    compare("blocking", { bare(http, read) }, { client.payouts.balance() })
    compare("suspending", { suspended(http, read) }, { client.payouts.balance() })
    client.close()
}

private fun tokenOf(http: OkHttpClient, base: String): String {
    val person = """{"email":"bare-${UUID.randomUUID()}@example.com","password":"correct horse battery staple","name":"Ada"}"""
    val body = person.toRequestBody("application/json".toMediaType())
    val answer = http.newCall(Request.Builder().url("$base/api/v1/auth/register").post(body).build()).execute()
    return answer.use { Json.parseToJsonElement(it.body.string()).jsonObject.getValue("accessToken").jsonPrimitive.content }
}

/** What an app would write without the library, and without anything that makes it safe. */
private fun bare(http: OkHttpClient, request: Request) {
    http.newCall(request).execute().use { Json.parseToJsonElement(it.body.string()).jsonObject.getValue("items") }
}

/** The same as an Android app must write it: without blocking the thread that asks. */
private suspend fun suspended(http: OkHttpClient, request: Request) = suspendCancellableCoroutine { waiting ->
    http.newCall(request).enqueue(
        object : Callback {
            override fun onFailure(call: Call, e: IOException) = waiting.resumeWithException(e)

            override fun onResponse(call: Call, response: Response) =
                waiting.resume(response.use { Json.parseToJsonElement(it.body.string()).jsonObject.getValue("items") })
        },
    )
}

/** By turns, so that both meet the same machine; the median of the rounds. */
private fun compare(name: String, bare: suspend () -> Unit, ours: suspend () -> Unit) {
    fun theirTime(): Duration = measureTime { runBlocking { repeat(CALLS) { bare() } } }
    fun ourTime(): Duration = measureTime { runBlocking { repeat(CALLS) { ours() } } }
    repeat(5) { theirTime() + ourTime() }
    val rounds = List(ROUNDS) { theirTime() to ourTime() }
    val theirs = rounds.map { it.first }.sorted()[ROUNDS / 2] / CALLS
    val mine = rounds.map { it.second }.sorted()[ROUNDS / 2] / CALLS
    println("  GET /balance and its JSON, bare and %-10s %s, cleanly %s: %+.1f %%".format(name, theirs.told(), mine.told(), (mine / theirs - 1) * 100))
}

private fun Duration.told() = "%.0f us".format(inWholeNanoseconds / 1000.0)
