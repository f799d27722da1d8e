// Who is signed in, and the tokens that prove it: one refresh at a time, stored before use, ended only by the codes that end it.
package dev.cleanly

import kotlin.coroutines.CoroutineContext
import kotlin.random.Random
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kotlinx.serialization.Serializable

/** Whether somebody is signed in. */
public sealed class SessionState {
    /** The store has not been read yet: the first call does it, or [Session.isSignedIn]. */
    public object Unknown : SessionState()

    /** There are tokens. */
    public object SignedIn : SessionState()

    /**
     * There are none.
     *
     * @property cause Why the service ended the session; null if nobody was signed in, or the user has logged out.
     */
    public class SignedOut internal constructor(public val cause: ApiException?) : SessionState()
}

/** Tokens and when to renew them: somewhere in the last fifth of their life, so that a fleet doesn't refresh at once. */
private class Held(val tokens: Tokens, random: Random) {
    private val lifetimeMillis = tokens.expiresInSeconds * 1000L
    val dueAtMillis = tokens.receivedAtMillis + (lifetimeMillis * (0.8 + 0.15 * random.nextDouble())).toLong()
    val endsAtMillis = tokens.receivedAtMillis + lifetimeMillis
}

/** A trade of tokens that is under way, awaited by all who need it. */
private class Flight(val refreshToken: String, val isGentle: Boolean, val landing: Deferred<Tokens>)

/** After a renewal ahead of time has failed: no other for so long, the tokens are good still. */
private val REST = 10.seconds

/** The answer to a registration; without tokens where the service gives nothing away. */
@Serializable
internal class Registered(
    val user: User? = null,
    val accessToken: String = "",
    val refreshToken: String = "",
    val expiresIn: Int = 0,
)

/** The tokens, for the transport. */
internal class Keeper(
    private val store: TokenStore,
    private val random: Random,
    private val nowMillis: () -> Long,
    background: CoroutineContext,
    /** POST /auth/refresh, with retries or without. */
    private val trade: suspend (refreshToken: String, isGentle: Boolean) -> TokenPair,
) {
    // Its own scope: the caller who happens to refresh may be cancelled, and the others must not wait in vain.
    private val scope = CoroutineScope(SupervisorJob() + background)
    private val lock = Mutex()
    private var held: Held? = null
    private var isLoaded = false
    private var flight: Flight? = null
    private var restsUntilMillis = 0L
    private val states = MutableStateFlow<SessionState>(SessionState.Unknown)
    val state: StateFlow<SessionState> = states.asStateFlow()

    /** The tokens as they are, or null. */
    suspend fun tokens(): Tokens? = lock.withLock { loaded()?.tokens }

    /** The access token, if nothing has to be done for it. */
    suspend fun readyToken(): String? {
        val mine = lock.withLock { loaded() } ?: throw NotSignedIn()
        val now = nowMillis()
        return mine.tokens.accessToken.takeIf { now < mine.dueAtMillis || now < restsUntilMillis }
    }

    /** An access token that is good as far as this device can tell. */
    suspend fun accessToken(): String {
        val now = nowMillis()
        val mine = lock.withLock { loaded() } ?: throw NotSignedIn()
        // Before it came: the clock was set back, and nothing can be said; the service will.
        if (now < mine.dueAtMillis || now < restsUntilMillis) return mine.tokens.accessToken
        val isGood = now < mine.endsAtMillis
        return try {
            renewed(mine.tokens.accessToken, isGentle = isGood)
        } catch (failure: CleanlyException) {
            if (!isGood || !failure.isPassing) throw failure
            restsUntilMillis = minOf(mine.endsAtMillis, now + REST.inWholeMilliseconds)
            mine.tokens.accessToken
        }
    }

    /** Another access token than [failed]: somebody else's, if they were faster. */
    suspend fun renewed(failed: String, isGentle: Boolean = false): String {
        while (true) {
            val joined = lock.withLock {
                val mine = loaded() ?: throw NotSignedIn()
                if (mine.tokens.accessToken != failed) return mine.tokens.accessToken
                val going = flight?.takeIf { it.landing.isActive && it.refreshToken == mine.tokens.refreshToken }
                going ?: takeOff(mine, isGentle).also { flight = it }
            }
            try {
                return joined.landing.await().accessToken
            } catch (failure: CleanlyException) {
                // It tried only once, being early; this caller can't do without.
                if (isGentle || !joined.isGentle || !failure.isPassing) throw failure
            }
        }
    }

    private fun takeOff(mine: Held, isGentle: Boolean): Flight =
        Flight(mine.tokens.refreshToken, isGentle, scope.async { land(mine, isGentle) })

    private suspend fun land(mine: Held, isGentle: Boolean): Tokens {
        // Another process, or another client on the same store, may have been faster.
        val stored = store.load()
        if (stored != null && stored.refreshToken != mine.tokens.refreshToken) {
            return lock.withLock { current(mine) ?: stored.also { hold(it) } }
        }
        val fresh = try {
            val pair = trade(mine.tokens.refreshToken, isGentle)
            Tokens(pair.accessToken, pair.refreshToken, nowMillis(), pair.expiresIn)
        } catch (refusal: ApiException) {
            if (refusal.endsSession) end(refusal) { it.refreshToken == mine.tokens.refreshToken }
            throw refusal
        }
        return lock.withLock {
            current(mine) ?: fresh.also {
                store.save(it)
                hold(it)
            }
        }
    }

    /** What has taken the place of [mine] meanwhile: a new login, a changed password. Null if nothing has. */
    private fun current(mine: Held): Tokens? {
        val now = held ?: throw NotSignedIn()
        return now.tokens.takeIf { it.refreshToken != mine.tokens.refreshToken }
    }

    /** A new pair, from a login or a changed password: stored, then used. */
    suspend fun install(pair: TokenPair) = withContext(NonCancellable) {
        lock.withLock {
            val tokens = Tokens(pair.accessToken, pair.refreshToken, nowMillis(), pair.expiresIn)
            store.save(tokens)
            isLoaded = true
            hold(tokens)
        }
    }

    /** Forget the tokens, if [isThem]: whoever has signed in since stays. */
    suspend fun end(cause: ApiException?, isThem: (Tokens) -> Boolean) = withContext(NonCancellable) {
        lock.withLock {
            val mine = loaded()
            if (mine != null && isThem(mine.tokens)) {
                store.clear()
                held = null
                states.value = SessionState.SignedOut(cause)
            }
        }
    }

    fun close() = scope.cancel()

    private suspend fun loaded(): Held? {
        if (!isLoaded) {
            val stored = store.load()
            isLoaded = true
            if (stored == null) states.value = SessionState.SignedOut(null) else hold(stored)
        }
        return held
    }

    private fun hold(tokens: Tokens) {
        held = Held(tokens, random)
        restsUntilMillis = 0
        states.value = SessionState.SignedIn
    }
}

/** Nobody waits longer for a logout. */
private val LOGOUT_WITHIN = 10.seconds

/** Signing in and out, and whatever else changes the tokens. Reach it as [Cleanly.session]. */
public class Session internal constructor(private val caller: Caller, private val keeper: Keeper) {
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
        return signIn(SignedIn(answer.accessToken, answer.refreshToken, answer.expiresIn, user = user))
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
        val body = bodyOf(PasswordChangeBody.serializer(), PasswordChangeBody(currentPassword, newPassword))
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

    /** Leave: personal data is erased, sessions die at once, money records stay under the bare id. */
    public suspend fun deleteAccount(options: CallOptions = CallOptions.DEFAULT) {
        // The reply may be lost: then the next try meets a session that died with the account.
        caller.send(ERASE, options, path = arrayOf("me"), isDoneBy = { it.endsSession || it is NotFound })
        keeper.end(null) { true }
    }

    private suspend fun signIn(answer: SignedIn): User {
        keeper.install(TokenPair(answer.accessToken, answer.refreshToken, answer.expiresIn))
        return answer.user
    }

    private companion object {
        val REGISTER = Operation("register", "POST", "/auth/register", isOpen = true)
        val LOGIN = Operation("login", "POST", "/auth/login", isOpen = true)
        val GOOGLE = Operation("google", "POST", "/auth/google", isOpen = true)
        val LOGOUT = Operation("logout", "POST", "/auth/logout", isOpen = true)
        val CHANGE_PASSWORD = Operation("change_password", "POST", "/auth/password/change")
        val ERASE = Operation("erase", "DELETE", "/users/{id}")
    }
}
