// Signing in and out: whatever changes the tokens.
package dev.cleanly

import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.StateFlow
import kotlinx.serialization.Serializable

/** The answer to a registration; without tokens where the service gives nothing away. */
@Serializable
internal class Registered(
    val user: User? = null,
    val accessToken: String = "",
    val refreshToken: String = "",
    val expiresIn: Int = 0,
)

/** Nobody waits longer for a logout. */
private val LOGOUT_WITHIN = 10.seconds

/** Signing in and out, devices, links by mail, forgotten passwords. */
public class Auth internal constructor(caller: Caller, private val keeper: Keeper) : AuthApi(caller) {
    /** Whether somebody is signed in; show the login on [SessionState.SignedOut]. */
    public val state: StateFlow<SessionState> get() = keeper.state

    /** Whether there are tokens; reads the store if nobody has yet. No call is made. */
    public suspend fun isSignedIn(): Boolean = keeper.tokens() != null

    /**
     * Open an account and a session.
     *
     * @return The user; null where the service tells nobody which addresses have an account: then a mail tells what to do.
     */
    public suspend fun register(
        email: String,
        password: String,
        name: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): User? {
        val body = bodyOf(RegisterBody.serializer(), RegisterBody(email, password, name))
        val answer = caller.call(REGISTER, Registered.serializer(), options, body = body)
        val user = answer.user ?: return null
        keeper.install(TokenPair(answer.accessToken, answer.refreshToken, answer.expiresIn, BEARER))
        return user
    }

    /** Open a session. An unknown e-mail and a wrong password are both [InvalidCredentials]. */
    public suspend fun login(email: String, password: String, options: CallOptions = CallOptions.DEFAULT): User {
        val body = bodyOf(LoginBody.serializer(), LoginBody(email, password))
        return signIn(caller.call(LOGIN, SignedIn.serializer(), options, body = body))
    }

    /**
     * Open a session, and an account if there is none, with Google.
     *
     * @param idToken From Credential Manager, asked for with the web client id.
     * @param nonce The one it was asked for with.
     */
    public suspend fun google(
        idToken: String,
        nonce: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): User {
        val body = bodyOf(GoogleBody.serializer(), GoogleBody(idToken, nonce))
        return signIn(caller.call(GOOGLE, SignedIn.serializer(), options, body = body))
    }

    /** Change the password: this session goes on with new tokens, every other one ends. */
    public suspend fun changePassword(
        currentPassword: String,
        newPassword: String,
        options: CallOptions = CallOptions.DEFAULT,
    ) {
        val body = bodyOf(ChangePasswordBody.serializer(), ChangePasswordBody(currentPassword, newPassword))
        keeper.install(caller.call(CHANGE_PASSWORD, TokenPair.serializer(), options, body = body))
    }

    /**
     * End this session, the others, or all.
     *
     * The tokens here are forgotten whatever the network does, except with [LogoutScope.OTHERS].
     *
     * @return Whether the service was told; if not, the session lives there until it expires.
     */
    public suspend fun logout(scope: LogoutScope = LogoutScope.CURRENT): Boolean {
        val tokens = keeper.tokens() ?: return true
        val body = bodyOf(LogoutBody.serializer(), LogoutBody(tokens.refreshToken, scope))
        val isTold = try {
            caller.send(LOGOUT, CallOptions(deadline = LOGOUT_WITHIN), body = body)
            true
        } catch (failure: CleanlyException) {
            if (scope == LogoutScope.OTHERS || !failure.isPassing) throw failure
            false
        } finally {
            if (scope != LogoutScope.OTHERS) keeper.end(null) { true }
        }
        return isTold
    }

    private suspend fun signIn(answer: SignedIn): User {
        keeper.install(TokenPair(answer.accessToken, answer.refreshToken, answer.expiresIn, answer.tokenType))
        return answer.user
    }

    private companion object {
        const val BEARER = "Bearer"
        val REGISTER = Operation("register", "POST", "/auth/register", isOpen = true)
        val LOGIN = Operation("login", "POST", "/auth/login", isOpen = true)
        val GOOGLE = Operation("google", "POST", "/auth/google", isOpen = true)
        val LOGOUT = Operation("logout", "POST", "/auth/logout", isOpen = true)
        val CHANGE_PASSWORD = Operation("change_password", "POST", "/auth/password/change")
    }
}
