// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlinx.serialization.json.JsonObject

/** The profile. */
public class UsersApi internal constructor(private val caller: Caller) {
    /**
     * Read a profile.
     *
     * The caller's own profile, or anybody's for an admin. `ETag` and `If-None-Match` spare the body.
     *
     * @param id A user's id, or `me`
     */
    public suspend fun read(
        id: String = "me",
        options: CallOptions = CallOptions.DEFAULT,
    ): User =
        caller.call(READ_USER, User.serializer(), options, path = arrayOf(id))

    /**
     * Read a profile.
     *
     * The caller's own profile, or anybody's for an admin. `ETag` and `If-None-Match` spare the body.
     *
     * Null when nothing has changed since [known]; else the value and its ETag, which a change can name as `ifMatch`.
     *
     * @param id A user's id, or `me`
     * @param known The ETag of what is at hand; null: none.
     */
    public suspend fun readIfChanged(
        id: String = "me",
        known: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Versioned<User>? =
        caller.callIfChanged(READ_USER, User.serializer(), options, path = arrayOf(id), etag = known)


    /**
     * Change a profile.
     *
     * Absent fields stay. A new e-mail asks for the current password and must be proved again.
     *
     * With `If-Match`, a profile that has changed meanwhile is a CONFLICT and stays as it is.
     *
     * @param id A user's id, or `me`
     * @param ifMatch The ETag that was read
     */
    public suspend fun change(
        id: String = "me",
        name: String? = null,
        avatarUrl: Settable<String>? = null,
        email: String? = null,
        currentPassword: String? = null,
        ifMatch: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): User =
        caller.call(CHANGE_PROFILE, User.serializer(), options, path = arrayOf(id), ifMatch = ifMatch, body = bodyOf(ProfileBody.serializer(), ProfileBody(name = name, avatarUrl = avatarUrl, email = email, currentPassword = currentPassword)))


    /**
     * Leave: erase the personal data.
     *
     * Sessions die at once, the e-mail is free again, money records stay under the bare id. Again: still 204.
     *
     * @param id A user's id, or `me`
     */
    public suspend fun erase(
        id: String = "me",
        options: CallOptions = CallOptions.DEFAULT,
    ): Unit =
        caller.send(ERASE, options, path = arrayOf(id))


    /**
     * Everything held on a user.
     *
     * One JSON object, a key for each part of the service that holds something.
     *
     * @param id A user's id, or `me`
     */
    public suspend fun export(
        id: String = "me",
        options: CallOptions = CallOptions.DEFAULT,
    ): JsonObject =
        caller.call(EXPORT, JsonObject.serializer(), options, path = arrayOf(id))


    private companion object {
        val READ_USER = Operation("read_user", "GET", "/users/{id}")
        val CHANGE_PROFILE = Operation("change_profile", "PUT", "/users/{id}")
        val ERASE = Operation("erase", "DELETE", "/users/{id}")
        val EXPORT = Operation("export", "GET", "/users/{id}/export")
    }
}
