// The Kotlin lines of docs/webhooks.md, word for word: the tests run them and compare them with the page.
package dev.cleanly.example

// docs: verify
import java.security.MessageDigest
import java.util.Base64
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import kotlin.math.abs

fun isOurs(secret: String, headers: Map<String, String>, body: ByteArray): Boolean {
    val stamp = headers.getValue("webhook-timestamp")
    if (abs(System.currentTimeMillis() / 1000 - stamp.toLong()) > 300) return false
    val mac = Mac.getInstance("HmacSHA256")
    mac.init(SecretKeySpec(Base64.getDecoder().decode(secret.removePrefix("whsec_")), "HmacSHA256"))
    mac.update("${headers.getValue("webhook-id")}.$stamp.".toByteArray())
    val mine = "v1,${Base64.getEncoder().encodeToString(mac.doFinal(body))}".toByteArray()
    return headers.getValue("webhook-signature").split(" ").any { MessageDigest.isEqual(it.toByteArray(), mine) }
}
// docs: end
