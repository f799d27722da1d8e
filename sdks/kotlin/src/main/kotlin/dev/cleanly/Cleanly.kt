// The door: one object that an app makes once and keeps.
package dev.cleanly

import java.io.Closeable
import java.util.concurrent.TimeUnit
import kotlin.coroutines.CoroutineContext
import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import okhttp3.Dispatcher
import okhttp3.HttpUrl.Companion.toHttpUrl
import okhttp3.OkHttpClient

/** The library's version, as the service sees it. */
public const val CLEANLY_VERSION: String = "0.1.0"

/** Time, chance and threads, as arguments. */
internal class Machine(
    val random: Random = Random.Default,
    val time: TimeSource = TimeSource.Monotonic,
    val nowMillis: () -> Long = System::currentTimeMillis,
    val background: CoroutineContext = Dispatchers.IO,
    val waits: CoroutineContext = Dispatchers.Default,
    val readTimeout: Duration = 30.seconds,
    val pause: suspend (Duration) -> Unit = { delay(it) },
)

/**
 * The cleanly backend, for an app. Make one and keep it: it holds the session. Safe for any number of coroutines; nothing
 * in it blocks a thread.
 *
 * Calls are grouped as in the service's documentation. Each may throw a [CleanlyException]; retries, idempotency keys and
 * fresh tokens are taken care of.
 */
public class Cleanly internal constructor(
    baseUrl: String,
    tokenStore: TokenStore,
    deviceName: String?,
    deadline: Duration,
    observer: CallObserver?,
    http: OkHttpClient?,
    machine: Machine,
) : Closeable {
    /**
     * @param baseUrl `https://api.example.com`, without a path.
     * @param tokenStore Keeps the session across the app's death.
     * @param deviceName How the owner sees this device in the list of devices: `Build.MODEL`.
     * @param deadline How long a call may take in all, with retries and waits; each may name its own.
     * @param observer For logs and metrics.
     * @param http An OkHttpClient to share pools, interceptors, certificate pins with; timeouts are set here. It stays open
     * when this is closed.
     */
    public constructor(
        baseUrl: String,
        tokenStore: TokenStore = MemoryTokenStore(),
        deviceName: String? = null,
        deadline: Duration = 60.seconds,
        observer: CallObserver? = null,
        http: OkHttpClient? = null,
    ) : this(baseUrl, tokenStore, deviceName, deadline, observer, http, Machine())

    private val isOwnHttp = http == null
    private val client = timed(http?.newBuilder() ?: OkHttpClient.Builder().dispatcher(dispatcher()), machine.readTimeout)
    private val transport = Transport(client, deadline, observer, machine)
    private val kept = Kept()
    private val caller = Caller(baseUrl.toHttpUrl(), transport, kept, "cleanly-kotlin/$CLEANLY_VERSION", deviceName)
    private val keeper = Keeper(tokenStore, machine, kept::clear, caller::refresh)

    init {
        transport.keeper = keeper
    }

    /** Signing in and out, devices, links by mail. */
    public val auth: Auth = Auth(caller, keeper)

    /** The profile. */
    public val users: UsersApi = UsersApi(caller)

    /** What is for sale. */
    public val catalog: CatalogApi = CatalogApi(caller)

    /** Money that comes in. */
    public val payments: PaymentsApi = PaymentsApi(caller)

    /** What is paid for regularly, and what may be used for it. */
    public val subscriptions: SubscriptionsApi = SubscriptionsApi(caller)

    /** Money that goes out, and the history of it all. */
    public val payouts: PayoutsApi = PayoutsApi(caller)

    /** Endpoints that are told what happens. */
    public val webhooks: WebhooksApi = WebhooksApi(caller)

    /** What administrators see and decide. */
    public val admin: AdminApi = AdminApi(caller)

    /** The service itself. */
    public val service: ServiceApi = ServiceApi(caller)

    /** In development: play the buyer. */
    public val sandbox: SandboxApi = SandboxApi(caller)

    /** End refreshes under way, and the threads and connections that are this client's own. The tokens stay stored. */
    override fun close() {
        keeper.close()
        if (isOwnHttp) {
            client.dispatcher.executorService.shutdown()
            client.connectionPool.evictAll()
        }
    }

    private companion object {
        // OkHttp's five per host would let twenty calls wait for each other.
        fun dispatcher(): Dispatcher = Dispatcher().apply { maxRequestsPerHost = 32 }

        fun timed(builder: OkHttpClient.Builder, readTimeout: Duration): OkHttpClient = builder
            .connectTimeout(10, TimeUnit.SECONDS)
            .readTimeout(readTimeout.inWholeMilliseconds, TimeUnit.MILLISECONDS)
            .writeTimeout(30, TimeUnit.SECONDS)
            .retryOnConnectionFailure(false) // uncounted tries behind our back
            .followRedirects(false) // the service never does; a hotel's login page would
            .build()
    }
}
