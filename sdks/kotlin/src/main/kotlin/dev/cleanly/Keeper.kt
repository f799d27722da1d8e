// Who is signed in, and the tokens that prove it: one refresh at a time, stored before use, ended only by the codes that end it.
package dev.cleanly

import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull

/** Whether somebody is signed in. */
public sealed class SessionState {
    /** The store has not been read yet: the first call does it, or [Auth.isSignedIn]. */
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

/** Tokens and when to renew them: between 70 and 90 % of their life, drawn once, so that a fleet doesn't refresh at once. */
private class Held(val tokens: Tokens, random: Random) {
    private val lifetimeMillis = tokens.expiresInSeconds * 1000L
    val dueAtMillis = tokens.receivedAtMillis + (lifetimeMillis * (0.7 + 0.2 * random.nextDouble())).toLong()
    val endsAtMillis = tokens.receivedAtMillis + lifetimeMillis
}

/** A trade of tokens that is under way, awaited by all who need it. */
private class Flight(val refreshToken: String, val isGentle: Boolean, val landing: Deferred<Tokens>)

/** After a renewal ahead of time has failed: no other for so long, the tokens are good still. */
private val REST = 10.seconds

/** A renewal ahead of time may hold up its call for so long, and for this part of its time: what is there is good still. */
private val AHEAD = 10.seconds
private const val AHEAD_PARTS = 3

/** Between two tries of a trade: another client has put other tokens into the store. */
private class Overtaken(val by: Tokens) : Exception()

/** The tokens, for the transport. */
internal class Keeper(
    private val store: TokenStore,
    private val machine: Machine,
    /** Whoever signs in next sees nothing of who was here before. */
    private val onChange: () -> Unit,
    /** POST /auth/refresh, with retries or without; what comes before each retry may end it. */
    private val trade: suspend (refreshToken: String, isGentle: Boolean, beforeRetry: suspend () -> Unit) -> TokenPair,
) {
    // Its own scope: the caller who happens to refresh may be cancelled, and the others must not wait in vain.
    private val scope = CoroutineScope(SupervisorJob() + machine.background)
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
        val now = machine.nowMillis()
        return mine.tokens.accessToken.takeIf { now < mine.dueAtMillis || now < restsUntilMillis }
    }

    /** An access token that is good as far as this device can tell. [left]: how long its call may take. */
    suspend fun accessToken(left: Duration): String {
        val now = machine.nowMillis()
        val mine = lock.withLock { loaded() } ?: throw NotSignedIn()
        // Before it came: the clock was set back, and nothing can be said; the service will.
        if (now < mine.dueAtMillis || now < restsUntilMillis) return mine.tokens.accessToken
        val isGood = now < mine.endsAtMillis
        if (!isGood) return renewed(mine.tokens.accessToken)
        val fresh = try {
            // Who waits no longer leaves the trade to itself: it lands for the calls to come.
            withTimeoutOrNull(minOf(AHEAD, left / AHEAD_PARTS)) { renewed(mine.tokens.accessToken, isGentle = true) }
        } catch (failure: CleanlyException) {
            if (!failure.isPassing) throw failure
            null
        }
        if (fresh != null) return fresh
        restsUntilMillis = minOf(mine.endsAtMillis, now + REST.inWholeMilliseconds)
        return mine.tokens.accessToken
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
            } catch (ended: CancellationException) {
                currentCoroutineContext().ensureActive() // the caller's own end
                // Else the flight's: thrown on, it would end the caller's coroutine without a word.
                throw NoAnswer("the client is closed", null, isDeadline = false, null, ended, isHopeless = true)
            }
        }
    }

    private fun takeOff(mine: Held, isGentle: Boolean): Flight =
        Flight(mine.tokens.refreshToken, isGentle, scope.async { land(mine, isGentle) })

    private suspend fun land(mine: Held, isGentle: Boolean): Tokens {
        // Another process, or another client on the same store, may have been faster, also between two tries: a token
        // that was traded there, and what it gave used, would end the session.
        stored(mine)?.let { return adopted(mine, it) }
        val fresh = try {
            val pair = trade(mine.tokens.refreshToken, isGentle) { stored(mine)?.let { throw Overtaken(it) } }
            Tokens(pair.accessToken, pair.refreshToken, machine.nowMillis(), pair.expiresIn)
        } catch (overtaken: Overtaken) {
            return adopted(mine, overtaken.by)
        } catch (refusal: ApiException) {
            if (refusal.endsSession) {
                stored(mine)?.let { return adopted(mine, it) }
                end(refusal) { it.refreshToken == mine.tokens.refreshToken }
            }
            throw refusal
        }
        return lock.withLock {
            current(mine) ?: fresh.also {
                store.save(it)
                hold(it)
            }
        }
    }

    /** What somebody else has stored in the place of [mine]; null if nothing. */
    private suspend fun stored(mine: Held): Tokens? =
        lock.withLock { store.load() }?.takeIf { it.refreshToken != mine.tokens.refreshToken }

    private suspend fun adopted(mine: Held, tokens: Tokens): Tokens =
        lock.withLock { current(mine) ?: tokens.also { hold(it) } }

    /** What has taken the place of [mine] meanwhile: a new login, a changed password. Null if nothing has. */
    private fun current(mine: Held): Tokens? {
        val now = held ?: throw NotSignedIn()
        return now.tokens.takeIf { it.refreshToken != mine.tokens.refreshToken }
    }

    /** A new pair, from a login or a changed password: stored, then used. */
    suspend fun install(pair: TokenPair) = withContext(NonCancellable) {
        lock.withLock {
            val tokens = Tokens(pair.accessToken, pair.refreshToken, machine.nowMillis(), pair.expiresIn)
            store.save(tokens)
            isLoaded = true
            hold(tokens)
            onChange()
        }
    }

    /** Forget the tokens, if [isThem]: whoever has signed in since stays. */
    suspend fun end(cause: ApiException?, isThem: (Tokens) -> Boolean) = withContext(NonCancellable) {
        lock.withLock {
            val mine = loaded()
            if (mine != null && isThem(mine.tokens)) {
                store.clear()
                held = null
                onChange()
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
        held = Held(tokens, machine.random)
        restsUntilMillis = 0
        states.value = SessionState.SignedIn
    }
}
