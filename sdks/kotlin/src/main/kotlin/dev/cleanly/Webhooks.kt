// Is this message really the service's? For a receiver on a server; docs/webhooks.md tells the rest.
package dev.cleanly

import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.MessageDigest
import java.security.Signature
import java.security.spec.X509EncodedKeySpec
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import kotlin.io.encoding.Base64
import kotlin.math.abs
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Instant
import kotlinx.serialization.Serializable
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.JsonObject

/**
 * A message whose signature was good.
 *
 * @property id The same each time the message comes: work on it once.
 * @property type `payment.succeeded`.
 * @property timestamp When it happened.
 * @property data Which object; ask the API what it is now.
 */
public data class VerifiedWebhook(
    public val id: String,
    public val type: String,
    public val timestamp: Instant,
    public val data: JsonObject,
)

/** The message is not the service's, or is an old one played again. Answer 400. */
public class NotVerified internal constructor(message: String) : Exception(message)

@Serializable
internal class WebhookBody(val type: String, val timestamp: Instant, val data: JsonObject)

/** Messages that the service sends, by the rules of Standard Webhooks. */
public object Webhooks {
    // What stands before the 32 bytes of an Ed25519 key in X.509: RFC 8410.
    private val ED25519_HEAD = byteArrayOf(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)

    /**
     * Verify a message and read it.
     *
     * @param secret The endpoint's: `whsec_...`, or its public key `whpk_...` (that needs Java 15 or Android 13).
     * @param headers By name, in any case.
     * @param body The bytes as they came, before any parser.
     * @param tolerance How old, or how far ahead, a message may be.
     * @throws NotVerified if it is not the service's.
     */
    public fun verify(
        secret: String,
        headers: Map<String, String>,
        body: ByteArray,
        tolerance: Duration = 5.minutes,
    ): VerifiedWebhook = verify(secret, headers, body, tolerance, System.currentTimeMillis() / 1000)

    internal fun verify(
        secret: String,
        headers: Map<String, String>,
        body: ByteArray,
        tolerance: Duration,
        nowSeconds: Long,
    ): VerifiedWebhook {
        val byName = headers.entries.associate { (name, value) -> name.lowercase() to value }
        fun header(name: String) = byName[name] ?: throw NotVerified("there is no header $name")
        val id = header("webhook-id")
        val stamp = header("webhook-timestamp")
        val at = stamp.toLongOrNull() ?: throw NotVerified("webhook-timestamp is no number")
        if (abs(nowSeconds - at) > tolerance.inWholeSeconds) throw NotVerified("it is too old, or a clock is wrong")
        val content = "$id.$stamp.".encodeToByteArray() + body
        val offered = header("webhook-signature").split(" ")
        val isGood = if (secret.startsWith("whpk_")) isSigned(secret, content, offered) else hasMac(secret, content, offered)
        if (!isGood) throw NotVerified("no signature fits")
        try {
            val read = WIRE.decodeFromString(WebhookBody.serializer(), body.decodeToString())
            return VerifiedWebhook(id, read.type, read.timestamp, read.data)
        } catch (_: SerializationException) {
            throw NotVerified("the body is not the service's")
        }
    }

    private fun hasMac(secret: String, content: ByteArray, offered: List<String>): Boolean {
        val mac = Mac.getInstance("HmacSHA256")
        mac.init(SecretKeySpec(Base64.decode(secret.removePrefix("whsec_")), "HmacSHA256"))
        val mine = "v1,${Base64.encode(mac.doFinal(content))}".encodeToByteArray()
        return offered.count { MessageDigest.isEqual(it.encodeToByteArray(), mine) } > 0
    }

    private fun isSigned(key: String, content: ByteArray, offered: List<String>): Boolean {
        val bytes = ED25519_HEAD + Base64.decode(key.removePrefix("whpk_"))
        val public = KeyFactory.getInstance("Ed25519").generatePublic(X509EncodedKeySpec(bytes))
        return offered.filter { it.startsWith("v1a,") }.any { one ->
            val verifier = Signature.getInstance("Ed25519").apply { initVerify(public) }
            verifier.update(content)
            try {
                verifier.verify(Base64.decode(one.removePrefix("v1a,")))
            } catch (_: GeneralSecurityException) {
                false // it has not even the shape of a signature
            } catch (_: IllegalArgumentException) {
                false
            }
        }
    }
}
