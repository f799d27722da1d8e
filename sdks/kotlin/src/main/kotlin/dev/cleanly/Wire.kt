// JSON as the service speaks it, more tolerant than the service: what a newer one adds breaks no old app.
package dev.cleanly

import kotlinx.serialization.KSerializer
import kotlinx.serialization.Serializable
import kotlinx.serialization.SerializationStrategy
import kotlinx.serialization.descriptors.PrimitiveKind
import kotlinx.serialization.descriptors.PrimitiveSerialDescriptor
import kotlinx.serialization.descriptors.SerialDescriptor
import kotlinx.serialization.encoding.Decoder
import kotlinx.serialization.encoding.Encoder
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonEncoder
import kotlinx.serialization.json.JsonNull

/** Unknown fields are skipped; what is null is not sent ([Settable] tells null from absent). */
internal val WIRE: Json = Json {
    ignoreUnknownKeys = true
    explicitNulls = false
}

/** A value that the service names by a word. */
public sealed interface WireEnum {
    /** The word, as it travels. */
    public val wire: String
}

/** By its word; an unknown word becomes the last constant, UNRECOGNIZED. */
internal abstract class WireEnumSerializer<T : WireEnum>(name: String, private val values: List<T>) : KSerializer<T> {
    private val byWire = values.associateBy { it.wire }
    override val descriptor: SerialDescriptor = PrimitiveSerialDescriptor("dev.cleanly.$name", PrimitiveKind.STRING)

    override fun deserialize(decoder: Decoder): T = byWire[decoder.decodeString()] ?: values.last()

    override fun serialize(encoder: Encoder, value: T) {
        require(value !== values.last()) { "UNRECOGNIZED can be read, not sent" }
        encoder.encodeString(value.wire)
    }
}

/**
 * A value to set, or `Settable(null)` to take it away; where the parameter itself is null, nothing changes.
 *
 * @property value What to set; null takes it away.
 */
@Serializable(with = SettableSerializer::class)
public data class Settable<out T : Any>(public val value: T?)

internal class SettableSerializer<T : Any>(private val inner: KSerializer<T>) : KSerializer<Settable<T>> {
    // Not nullable in itself: an absent one is left out by the class around it, before it comes here.
    override val descriptor: SerialDescriptor = inner.descriptor

    override fun deserialize(decoder: Decoder): Settable<T> = Settable(inner.deserialize(decoder))

    override fun serialize(encoder: Encoder, value: Settable<T>) {
        val held = value.value
        if (held == null) (encoder as JsonEncoder).encodeJsonElement(JsonNull) else inner.serialize(encoder, held)
    }
}

/**
 * One page of a list.
 *
 * @property items In the list's order.
 * @property nextCursor Asks for the next page; null ends the list.
 */
@Serializable
public data class Page<T>(
    public val items: List<T>,
    public val nextCursor: String? = null,
)

/** A short list in its envelope. */
@Serializable
internal class Items<T>(val items: List<T>)

/**
 * A value and its version.
 *
 * @property value What was read.
 * @property etag Names this version: as `known` it spares reading it again, as `ifMatch` it keeps a change from
 * overwriting somebody else's. Null if the service told none.
 */
public data class Versioned<T>(
    public val value: T,
    public val etag: String?,
) {
    internal fun <R> map(change: (T) -> R): Versioned<R> = Versioned(change(value), etag)
}

/** A body as bytes, made once, so that each retry sends the same. */
internal fun <T> bodyOf(serializer: SerializationStrategy<T>, value: T): ByteArray =
    WIRE.encodeToString(serializer, value).encodeToByteArray()
