// What a session is made of, and where it is kept.
package dev.cleanly

import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import kotlinx.serialization.SerializationException

/**
 * A session's tokens. Secret: whoever holds them is the user.
 *
 * @property accessToken Goes with every call.
 * @property refreshToken Is traded for the next pair, once.
 * @property receivedAtMillis When they came, by this device's clock, in milliseconds since 1970.
 * @property expiresInSeconds How long the access token lives from then on.
 */
@Serializable
public class Tokens(
    @SerialName("a") public val accessToken: String,
    @SerialName("r") public val refreshToken: String,
    @SerialName("t") public val receivedAtMillis: Long,
    @SerialName("e") public val expiresInSeconds: Int,
) {
    /** As one string, to be stored in one write, encrypted. */
    public fun encode(): String = WIRE.encodeToString(serializer(), this)

    /** Nothing of them. */
    override fun toString(): String = "Tokens(***)"

    /** From what was stored. */
    public companion object {
        /** What [encode] gave; null if it is not that. */
        public fun decode(stored: String): Tokens? =
            try {
                WIRE.decodeFromString(serializer(), stored)
            } catch (_: SerializationException) {
                null
            }
    }
}

/**
 * Keeps the session across the death of the app. The client never calls two of these at once.
 *
 * On Android encrypt with a key in the Keystore; docs/sdk-kotlin.md has one to copy. What an implementation throws, the call
 * that needed it throws, and the session stays as it was.
 */
public interface TokenStore {
    /** What was saved last; null if nothing was. Throw when it can't be read now: null means logged out. */
    public suspend fun load(): Tokens?

    /** Replace what is kept, in one write that is whole or not at all, and on disk when this returns. */
    public suspend fun save(tokens: Tokens)

    /** Forget them. */
    public suspend fun clear()
}

/** Keeps tokens for as long as the process lives: for tests and tools. */
public class MemoryTokenStore : TokenStore {
    @Volatile
    private var tokens: Tokens? = null

    override suspend fun load(): Tokens? = tokens

    override suspend fun save(tokens: Tokens) {
        this.tokens = tokens
    }

    override suspend fun clear() {
        tokens = null
    }
}
