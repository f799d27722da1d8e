package dev.cleanly

import dev.cleanly.example.isOurs
import java.io.File
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import kotlin.io.encoding.Base64
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFails
import kotlin.test.assertTrue

/** The lines by which a receiver in Kotlin verifies, as docs/webhooks.md shows them. */
class ReceiverTest {
    private val page = File("../../docs/webhooks.md").readText()
    private val body = """{"type":"payment.succeeded","data":{"note":"€ 45,03"}}""".encodeToByteArray()
    private val secret = secretOf(1)
    private val other = secretOf(2)

    private fun secretOf(seed: Byte) = "whsec_" + Base64.encode(ByteArray(32) { seed })

    private fun signed(vararg secrets: String, id: String = "msg_1", at: Long = now(), of: ByteArray = body) = mapOf(
        "webhook-id" to id,
        "webhook-timestamp" to "$at",
        "webhook-signature" to secrets.joinToString(" ") { one ->
            val mac = Mac.getInstance("HmacSHA256")
            mac.init(SecretKeySpec(Base64.decode(one.removePrefix("whsec_")), "HmacSHA256"))
            "v1," + Base64.encode(mac.doFinal("$id.$at.".encodeToByteArray() + of))
        },
    )

    private fun now() = System.currentTimeMillis() / 1000

    @Test
    fun `the page shows what is compiled`() {
        val source = File("example/Receiver.kt").readText()
        val shown = source.substringAfter("// docs: verify\n").substringBefore("// docs: end")
        assertTrue("```kotlin\n$shown```" in page, "docs/webhooks.md shows other lines")
    }

    @Test
    fun `the signer of this test signs as the page's example is signed`() {
        val (head, sent) = page.substringAfter("```http\n").substringBefore("\n```").split("\n\n")
        val headers = head.lines().drop(1).associate { it.substringBefore(": ") to it.substringAfter(": ") }
        val key = Regex("whsec_[A-Za-z0-9+/=]+").find(page)!!.value
        val mine = signed(
            key, id = headers.getValue("webhook-id"), at = headers.getValue("webhook-timestamp").toLong(),
            of = sent.encodeToByteArray(),
        )
        assertEquals(headers.getValue("webhook-signature"), mine["webhook-signature"])
    }

    @Test
    fun `what the service has signed is taken, while secrets overlap with either`() {
        assertTrue(isOurs(secret, signed(secret), body))
        assertTrue(isOurs(secret, signed(secret, at = now() - 180), body))
        for (held in listOf(secret, other)) assertTrue(isOurs(held, signed(secret, other), body))
    }

    @Test
    fun `what is forged, changed or old is not`() {
        val good = signed(secret)
        val wrong = mapOf(
            "another secret" to isOurs(other, good, body),
            "another body" to isOurs(secret, good, body + 32),
            "another id" to isOurs(secret, good + ("webhook-id" to "another"), body),
            "another time" to isOurs(secret, good + ("webhook-timestamp" to "${now() - 60}"), body),
            "stale" to isOurs(secret, signed(secret, at = now() - 360), body),
            "from the future" to isOurs(secret, signed(secret, at = now() + 540), body),
            "no signature" to isOurs(secret, good + ("webhook-signature" to ""), body),
            "another version" to isOurs(secret, good + ("webhook-signature" to "v2,x v1a,y v1,"), body),
            "not ASCII" to isOurs(secret, good + ("webhook-signature" to "v1,€"), body),
        )
        assertEquals(emptySet(), wrong.filterValues { it }.keys)
    }

    @Test
    fun `a header that is missing or no number ends it with an exception`() {
        for (name in signed(secret).keys) assertFails { isOurs(secret, signed(secret) - name, body) }
        assertFails { isOurs(secret, signed(secret) + ("webhook-timestamp" to "soon"), body) }
    }
}
