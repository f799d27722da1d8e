// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlinx.coroutines.flow.Flow
import kotlinx.serialization.json.JsonObject

/** One's own devices, links by mail, forgotten passwords. What changes the tokens is in [Session]. */
public class AuthApi internal constructor(private val caller: Caller) {
    /**
     * The devices where I am logged in.
     *
     * Live sessions, newest first. Read from the primary: a device that was just revoked must not show.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun devices(
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Device> =
        pages { next -> caller.call(LIST_SESSIONS, Page.serializer(Device.serializer()), options, query = arrayOf("limit" to pageSize, "cursor" to next)) }

    /**
     * The devices where I am logged in.
     *
     * Live sessions, newest first. Read from the primary: a device that was just revoked must not show.
     *
     * One page.
     *
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun devicesPage(
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Device> =
        caller.call(LIST_SESSIONS, Page.serializer(Device.serializer()), options, query = arrayOf("limit" to limit, "cursor" to cursor))


    /**
     * Log a device out.
     *
     * End one of the caller's own sessions. Done twice, it is still done; another's is not found.
     */
    public suspend fun revokeDevice(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Unit =
        caller.send(REVOKE_SESSION, options, path = arrayOf(id))


    /**
     * Send me the verification mail again.
     *
     * A new link; the one before stops working. Nothing is sent when the e-mail is proved already.
     */
    public suspend fun requestVerification(
        options: CallOptions = CallOptions.DEFAULT,
    ): Accepted =
        caller.call(REQUEST_VERIFICATION, Accepted.serializer(), options)


    /**
     * Prove the e-mail with the link's token.
     *
     * Uses the link up. It proves only the address that it was sent to.
     */
    public suspend fun confirmVerification(
        token: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Verified =
        caller.call(CONFIRM_VERIFICATION, Verified.serializer(), options, body = bodyOf(VerifyBody.serializer(), VerifyBody(token = token)))


    /**
     * Send a link that resets the password.
     *
     * Always 202: the answer does not tell whether there is such an account.
     */
    public suspend fun forgotPassword(
        email: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Accepted =
        caller.call(FORGOT, Accepted.serializer(), options, body = bodyOf(ForgotBody.serializer(), ForgotBody(email = email)))


    /**
     * Set a new password with the link's token.
     *
     * Sets the password and ends every session: whoever had the old one is out. The link also proves the e-mail.
     */
    public suspend fun resetPassword(
        token: String,
        password: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Unit =
        caller.send(RESET, options, body = bodyOf(ResetBody.serializer(), ResetBody(token = token, password = password)))


    /**
     * Public keys of the access tokens.
     *
     * RFC 7517. Empty while the tokens are signed with a shared secret.
     */
    public suspend fun publicKeys(
        options: CallOptions = CallOptions.DEFAULT,
    ): JsonObject =
        caller.call(JWKS, JsonObject.serializer(), options)


    private companion object {
        val LIST_SESSIONS = Operation("list_sessions", "GET", "/auth/sessions")
        val REVOKE_SESSION = Operation("revoke_session", "DELETE", "/auth/sessions/{id}")
        val REQUEST_VERIFICATION = Operation("request_verification", "POST", "/auth/verify-email/request")
        val CONFIRM_VERIFICATION = Operation("confirm_verification", "POST", "/auth/verify-email/confirm", isOpen = true)
        val FORGOT = Operation("forgot", "POST", "/auth/password/forgot", isOpen = true)
        val RESET = Operation("reset", "POST", "/auth/password/reset", isOpen = true)
        val JWKS = Operation("jwks", "GET", "!/.well-known/jwks.json", isOpen = true)
    }
}
