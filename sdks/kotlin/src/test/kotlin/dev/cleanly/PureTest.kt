package dev.cleanly

import java.security.KeyPairGenerator
import java.security.Signature
import kotlin.io.encoding.Base64
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.serialization.json.JsonObject

class RetryTest {
    private fun refused(status: Int, code: String, retryAfter: Duration? = null) =
        exceptionOf(Refusal(status, code, "", JsonObject(emptyMap()), null, retryAfter))

    @Test
    fun `waits grow, and lie anywhere below their ceiling`() {
        val failure = NoAnswer("", null, isDeadline = false, idempotencyKey = null)
        for ((retry, ceiling) in listOf(0 to 0.5, 1 to 1.0, 2 to 2.0)) {
            val waits = List(500) { checkNotNull(pauseBefore(retry, failure, Random(it))) }
            assertTrue(waits.all { it >= Duration.ZERO && it < ceiling.seconds })
            assertTrue(waits.min() < ceiling.seconds * 0.1 && waits.max() > ceiling.seconds * 0.9)
        }
        assertNull(pauseBefore(3, failure, Random(1)))
    }

    @Test
    fun `what the service asks for is the least`() {
        val waits = List(100) { pauseBefore(0, refused(429, "RATE_LIMITED", 7.seconds), Random(it))!! }
        assertTrue(waits.all { it >= 7.seconds && it < 8.seconds })
    }

    @Test
    fun `only what may pass is tried again`() {
        val passing = listOf(500 to "INTERNAL_ERROR", 502 to "PROVIDER_ERROR", 503 to "SERVICE_UNAVAILABLE",
            504 to "PROVIDER_TIMEOUT", 409 to "IDEMPOTENCY_IN_PROGRESS", 429 to "RATE_LIMITED", 599 to "NEW")
        val lasting = listOf(409 to "CONFLICT", 402 to "PAYMENT_DECLINED", 404 to "NOT_FOUND", 418 to "NEW")
        assertTrue(passing.all { (status, code) -> refused(status, code).isPassing })
        assertFalse(lasting.any { (status, code) -> refused(status, code).isPassing })
    }
}

class WireTest {
    @Test
    fun `a word of tomorrow is UNRECOGNIZED, and can't be sent`() {
        assertEquals(PaymentState.UNRECOGNIZED, WIRE.decodeFromString("\"frozen\""))
        assertEquals(PaymentState.REQUIRES_ACTION, WIRE.decodeFromString("\"requires_action\""))
        assertFailsWith<IllegalArgumentException> { WIRE.encodeToString(PaymentState.UNRECOGNIZED) }
    }

    @Test
    fun `absent, set and taken away are three things`() {
        fun sent(avatar: Settable<String>?) = bodyOf(ChangeProfileBody.serializer(), ChangeProfileBody(avatarUrl = avatar)).decodeToString()
        assertEquals("{}", sent(null))
        assertEquals("""{"avatarUrl":"a"}""", sent(Settable("a")))
        assertEquals("""{"avatarUrl":null}""", sent(Settable(null)))
    }

    @Test
    fun `secrets are not in toString`() {
        val payment = WIRE.decodeFromString(Payment.serializer(), PAYMENT)
        assertFalse("sk_1" in payment.toString() || "pi_secret" in payment.toString())
        assertTrue("client=***" in payment.toString())
        assertFalse("a1" in Tokens("a1", "r1", 0, 1).toString())
        assertFalse("pi_secret" in payment.paymentSheet.toString())
    }

    @Test
    fun `what the providers' SDKs need is handed over`() {
        val payment = WIRE.decodeFromString(Payment.serializer(), PAYMENT)
        assertEquals("pi_secret", payment.paymentSheet?.clientSecret)
        assertEquals("sk_1", payment.paymentSheet?.ephemeralKey)
        assertNull(payment.payPal)
        assertEquals("O-1", payment.copy(client = mapOf("orderId" to "O-1", "approveUrl" to "u")).payPal?.orderId)
        assertNull(payment.copy(client = emptyMap()).paymentSheet)
    }

    @Test
    fun `tokens survive their store, and rubbish is none`() {
        val tokens = Tokens.decode(Tokens("a", "r", 12, 900).encode())
        assertEquals(listOf("a", "r", 12L, 900), listOf(tokens?.accessToken, tokens?.refreshToken, tokens?.receivedAtMillis, tokens?.expiresInSeconds))
        assertNull(Tokens.decode("rubbish"))
    }

    private companion object {
        const val PAYMENT = """{"id":"p1","state":"requires_action","provider":"stripe","priceId":"x","quantity":1,"description":"",
            "buyerId":"b","sellerId":null,"captureMethod":"automatic","total":{"amount":1250,"currency":"EUR"},
            "captured":{"amount":0,"currency":"EUR"},"refunded":{"amount":0,"currency":"EUR"},
            "refunding":{"amount":0,"currency":"EUR"},"declineCode":null,"metadata":{},
            "client":{"clientSecret":"pi_secret","publishableKey":"pk","customer":"cus","ephemeralKey":"sk_1"},
            "createdAt":"2026-11-22T12:00:00.000Z","updatedAt":"2026-11-22T12:00:00.000Z"}"""
    }
}

class MoneyTest {
    @Test
    fun `a minor unit has the decimals of its currency`() {
        assertEquals("12.50 EUR", Money(1250, "EUR").toString())
        assertEquals("1250 JPY", Money(1250, "JPY").toString())
        assertEquals("1.250 KWD", Money(1250, "KWD").toString())
        assertEquals("-0.05 EUR", Money(-5, "EUR").toString())
        for (currency in listOf("EUR", "JPY", "KWD")) {
            assertEquals(Money(1250, currency), Money.of(Money(1250, currency).decimal.toPlainString(), currency))
        }
    }

    @Test
    fun `nothing is rounded, mixed or overflown`() {
        assertFailsWith<ArithmeticException> { Money.of("0.125", "EUR") }
        assertFailsWith<ArithmeticException> { Money(Long.MAX_VALUE, "EUR") + Money(1, "EUR") }
        assertFailsWith<IllegalArgumentException> { Money(1, "EUR") + Money(1, "USD") }
        assertFailsWith<IllegalArgumentException> { Money(1, "EUR") < Money(1, "USD") }
        assertEquals(Money(3, "EUR"), Money(1, "EUR") * 5 - Money(2, "EUR"))
    }
}

class WebhooksTest {
    private val secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private val body = """{"type":"payment.succeeded","timestamp":"2026-11-22T12:00:00.000Z","data":""" +
        """{"state": "captured", "paymentId": "01a2038c-e4a8-7347-8350-90f38f89e522"}}"""

    // The example of docs/webhooks.md.
    private val headers = mapOf(
        "Webhook-Id" to "01a2038c-f1d2-7c3a-9d7e-3c8f2b1a4e55",
        "webhook-timestamp" to "1795348800",
        "webhook-signature" to "v1,cq6m/rfbDVX9VqvjRZHjQT30TA9kPPgeePoVJCTfeM8=",
    )

    private fun verify(headers: Map<String, String> = this.headers, body: String = this.body, key: String = secret, now: Long = 1795348800) =
        Webhooks.verify(key, headers, body.encodeToByteArray(), 5.minutes, now)

    @Test
    fun `a message of the service is read`() {
        val read = verify()
        assertEquals("payment.succeeded" to "01a2038c-f1d2-7c3a-9d7e-3c8f2b1a4e55", read.type to read.id)
        assertEquals("2026-11-22T12:00:00Z", read.timestamp.toString())
        assertEquals(setOf("state", "paymentId"), read.data.keys)
        verify(headers + ("webhook-signature" to "v1,AAAA ${headers["webhook-signature"]}"))
    }

    @Test
    fun `anything else is not`() {
        assertFailsWith<NotVerified> { verify(body = body.replace("captured", "refunded")) }
        assertFailsWith<NotVerified> { verify(headers + ("webhook-id" to "another")) }
        assertFailsWith<NotVerified> { verify(headers - "webhook-signature" + ("webhook-signature" to "v1,AAAA")) }
        assertFailsWith<NotVerified> { verify(headers - "webhook-timestamp") }
        assertFailsWith<NotVerified> { verify(headers + ("webhook-timestamp" to "soon")) }
        assertFailsWith<NotVerified> { verify(key = "whsec_" + Base64.encode(ByteArray(24))) }
        for (now in listOf(1795348800L + 301, 1795348800L - 301)) assertFailsWith<NotVerified> { verify(now = now) }
    }

    @Test
    fun `a signature with a key pair is verified by its public half`() {
        val pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair()
        val public = "whpk_" + Base64.encode(pair.public.encoded.takeLast(32).toByteArray())
        val signed = Signature.getInstance("Ed25519").run {
            initSign(pair.private)
            update("${headers["Webhook-Id"]}.1795348800.$body".encodeToByteArray())
            "v1a," + Base64.encode(sign())
        }
        assertEquals("payment.succeeded", verify(headers + ("webhook-signature" to signed), key = public).type)
        for (wrong in listOf("v1a,AAAA", "v1a,!", headers.getValue("webhook-signature"))) {
            assertFailsWith<NotVerified> { verify(headers + ("webhook-signature" to wrong), key = public) }
        }
    }
}
