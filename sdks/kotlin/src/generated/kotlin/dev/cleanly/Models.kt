// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlin.time.Instant
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.JsonObject

/** Heard. What follows comes by mail. */
@Serializable
public data class Accepted(
    public val status: String = "accepted",
)

/**
 * What a seller has in one currency. `pending` is the sum of `held`, `reserve` and `disputed`.
 *
 * @property pending The seller's, but not yet free
 * @property held Kept back after sales, for refunds and disputes
 * @property reserve Kept back longer, where that was agreed
 * @property disputed The part of disputes that are undecided
 * @property available Free to be paid out
 * @property inTransit On its way to the seller
 * @property receivable What the seller owes; what is released next pays it first
 */
@Serializable
public data class Balance(
    public val currency: String,
    public val pending: Money,
    public val held: Money,
    public val reserve: Money,
    public val disputed: Money,
    public val available: Money,
    public val inTransit: Money,
    public val receivable: Money,
)

/** By how much each balance changed, in minor units. What is owed counts upward: 5 is owing 5 more. */
@Serializable
public data class BalanceChanges(
    public val pending: Long = 0,
    public val available: Long = 0,
    public val reserve: Long = 0,
    public val disputed: Long = 0,
    public val inTransit: Long = 0,
    public val receivable: Long = 0,
)

/** What a change would cost; `previewToken` accepts it, until `expiresAt`. */
@Serializable
public data class ChangePreview(
    public val priceId: String,
    public val amountDue: Money,
    public val effectiveAt: Instant,
    public val takesHold: TakesHold,
    public val expiresAt: Instant,
    public val previewToken: String,
) {
    /** Without its secrets. */
    override fun toString(): String =
        "ChangePreview(priceId=${priceId}, amountDue=${amountDue}, effectiveAt=${effectiveAt}, takesHold=${takesHold}, expiresAt=${expiresAt}, previewToken=***)"
}

/**
 * One message on its way to one endpoint.
 *
 * pending, claimed (being tried now), succeeded, failed (given up), skipped (published while the endpoint was off).
 *
 * @property messageId The header webhook-id
 * @property tries Tries that have ended
 * @property dueAt When it is tried next
 */
@Serializable
public data class Delivery(
    public val id: String,
    public val messageId: String,
    public val endpointId: String,
    public val type: String,
    public val state: DeliveryState,
    public val tries: Int,
    public val publishedAt: Instant,
    public val dueAt: Instant? = null,
    public val doneAt: Instant? = null,
    public val lastAttempt: DeliveryTry? = null,
)

/**
 * A try with what was answered; `body` is its first 16 KiB.
 *
 * @property address Who was called: the address that the name led to
 */
@Serializable
public data class DeliveryAttempt(
    public val number: Int,
    public val startedAt: Instant,
    public val durationMs: Int,
    public val outcome: DeliveryOutcome,
    public val status: Int? = null,
    public val address: String? = null,
    public val error: String? = null,
    public val headers: Map<String, String>? = null,
    public val body: String? = null,
)

/**
 * How a try ended. `status` is null if there was no answer; `error` then says why.
 *
 * @property address Who was called: the address that the name led to
 */
@Serializable
public data class DeliveryTry(
    public val number: Int,
    public val startedAt: Instant,
    public val durationMs: Int,
    public val outcome: DeliveryOutcome,
    public val status: Int? = null,
    public val address: String? = null,
    public val error: String? = null,
)

/**
 * One device's session.
 *
 * @property name X-Device-Name, or the User-Agent, at login
 */
@Serializable
public data class Device(
    public val id: String,
    public val name: String? = null,
    public val address: String? = null,
    public val createdAt: Instant,
    public val lastUsedAt: Instant,
    public val current: Boolean,
)

/** A dispute. `moneyIs` follows the provider's movements of money, not the dispute's state. */
@Serializable
public data class Dispute(
    public val id: String,
    public val paymentId: String,
    public val state: DisputeState,
    public val moneyIs: DisputedMoney,
    public val money: Money,
    public val reason: String,
    public val evidenceDueAt: Instant? = null,
    public val createdAt: Instant,
)

/**
 * An endpoint. `disabledReason`: `owner`, or `failing` and `gone`, which only a good test switches on again.
 */
@Serializable
public data class Endpoint(
    public val id: String,
    public val url: String,
    public val eventTypes: List<String>,
    public val description: String,
    public val enabled: Boolean,
    public val disabledReason: DisabledReason? = null,
    public val disabledAt: Instant? = null,
    public val ratePerMinute: Int? = null,
    public val ordered: Boolean,
    public val keys: List<EndpointKey>,
    public val health: EndpointHealth,
    public val createdAt: Instant,
    public val updatedAt: Instant,
)

/** `failures` since `firstFailureAt`, none of them followed by a success. */
@Serializable
public data class EndpointHealth(
    public val state: EndpointHealthState,
    public val failures: Int,
    public val firstFailureAt: Instant? = null,
    public val lastFailureAt: Instant? = null,
    public val lastSuccessAt: Instant? = null,
)

/** A key that signs. `endsAt`: null of the newest; one that was rotated out signs until then. */
@Serializable
public data class EndpointKey(
    public val kind: SignatureScheme,
    public val publicKey: String? = null,
    public val createdAt: Instant,
    public val endsAt: Instant? = null,
)

/**
 * How the endpoint answered an event `endpoint.test`. `status` is null if it did not; `error` then says why.
 *
 * @property body The first 16 KiB
 */
@Serializable
public data class EndpointTest(
    public val endpointId: String,
    public val isSuccess: Boolean,
    public val outcome: DeliveryOutcome,
    public val startedAt: Instant,
    public val durationMs: Int,
    public val status: Int? = null,
    public val headers: Map<String, String>? = null,
    public val body: String? = null,
    public val address: String? = null,
    public val error: String? = null,
)

/**
 * With the `secret` of `v1`: it is shown this once. With `v1a` it is null, and `keys` tell the public half.
 */
@Serializable
public data class EndpointWithSecret(
    public val id: String,
    public val url: String,
    public val eventTypes: List<String>,
    public val description: String,
    public val enabled: Boolean,
    public val disabledReason: DisabledReason? = null,
    public val disabledAt: Instant? = null,
    public val ratePerMinute: Int? = null,
    public val ordered: Boolean,
    public val keys: List<EndpointKey>,
    public val health: EndpointHealth,
    public val createdAt: Instant,
    public val updatedAt: Instant,
    public val secret: String? = null,
) {
    /** Without its secrets. */
    override fun toString(): String =
        "EndpointWithSecret(id=${id}, url=${url}, eventTypes=${eventTypes}, description=${description}, enabled=${enabled}, disabledReason=${disabledReason}, disabledAt=${disabledAt}, ratePerMinute=${ratePerMinute}, ordered=${ordered}, keys=${keys}, health=${health}, createdAt=${createdAt}, updatedAt=${updatedAt}, secret=***)"
}

/**
 * Something that may be used now.
 *
 * @property subscriptionId What entitles to it
 * @property endsAt Until when, the grace for a late payment included; null: for good
 */
@Serializable
public data class Entitlement(
    public val productId: String,
    public val subscriptionId: String,
    public val startsAt: Instant,
    public val endsAt: Instant? = null,
)

/**
 * One row of the error table.
 *
 * @property action What the client should do
 */
@Serializable
public data class ErrorRow(
    public val code: String,
    public val status: Int,
    public val message: String,
    public val action: String,
)

/**
 * One kind of event. New fields may appear in `data` at any time; none goes or changes its meaning.
 *
 * @property dataSchema JSON Schema (2020-12) of `data`
 * @property example A whole body as it is delivered
 */
@Serializable
public data class EventType(
    public val type: String,
    public val summary: String,
    public val dataSchema: JsonObject,
    public val example: JsonObject,
)

/** The process answers. */
@Serializable
public data class Health(
    public val status: String = "ok",
    public val timestamp: String,
    public val version: String,
)

/**
 * How long a seller's money rests after a capture, and what part of it rests longer, in basis points.
 *
 * `isAgreed`: with this seller; else the platform's usual terms.
 */
@Serializable
public data class HoldTerms(
    public val sellerId: String,
    public val holdDays: Int,
    public val reserveBasisPoints: Int,
    public val isAgreed: Boolean,
)

/**
 * One event and what became of it.
 *
 * @property source push, sweep or replay
 * @property attempts Tries that have ended
 * @property nextAt When it is tried next
 * @property lastError Why it failed last, or why it was ignored
 */
@Serializable
public data class InboundEvent(
    public val id: String,
    public val provider: String,
    public val providerAccount: String,
    public val eventId: String,
    public val type: String,
    public val objectKind: String,
    public val objectId: String,
    public val ourId: String? = null,
    public val livemode: Boolean,
    public val source: String,
    public val state: InboundEventState,
    public val attempts: Int,
    public val nextAt: Instant? = null,
    public val lastError: String? = null,
    public val providerCreatedAt: Instant,
    public val receivedAt: Instant,
    public val doneAt: Instant? = null,
)

/**
 * One event with what came with it. `body` is null once it was emptied.
 *
 * @property source push, sweep or replay
 * @property attempts Tries that have ended
 * @property nextAt When it is tried next
 * @property lastError Why it failed last, or why it was ignored
 */
@Serializable
public data class InboundLetter(
    public val id: String,
    public val provider: String,
    public val providerAccount: String,
    public val eventId: String,
    public val type: String,
    public val objectKind: String,
    public val objectId: String,
    public val ourId: String? = null,
    public val livemode: Boolean,
    public val source: String,
    public val state: InboundEventState,
    public val attempts: Int,
    public val nextAt: Instant? = null,
    public val lastError: String? = null,
    public val providerCreatedAt: Instant,
    public val receivedAt: Instant,
    public val doneAt: Instant? = null,
    public val apiVersion: String? = null,
    public val verifiedWith: String,
    public val headers: JsonObject,
    public val body: String? = null,
)

/** How many will be acted on again. Call again with the cursor until there is none. */
@Serializable
public data class InboundReplayed(
    public val replayed: Int,
    public val nextCursor: String? = null,
)

/**
 * A new price. `interval`, `intervalCount`, `trialDays` and `planGroup` belong to a recurring one.
 *
 * `planGroup` names the seller's plans of which a subscriber has one at a time; a new name makes a new group.
 *
 * @property intervalCount 1 if absent
 */
@Serializable
public data class NewPrice(
    public val unitAmount: Money,
    public val type: PriceType? = null,
    public val interval: BillingInterval? = null,
    public val intervalCount: Int? = null,
    public val trialDays: Int? = null,
    public val planGroup: String? = null,
)

/**
 * A payment as its buyer and its seller see it.
 *
 * @property client What the provider's Android SDK needs while the buyer must act; empty otherwise
 */
@Serializable
public data class Payment(
    public val id: String,
    public val state: PaymentState,
    public val provider: Provider,
    public val priceId: String,
    public val quantity: Int,
    public val description: String,
    public val buyerId: String,
    public val sellerId: String? = null,
    public val captureMethod: CaptureMethod,
    public val total: Money,
    public val captured: Money,
    public val refunded: Money,
    public val refunding: Money,
    public val declineCode: String? = null,
    public val metadata: Map<String, String>,
    public val client: Map<String, String>,
    public val createdAt: Instant,
    public val updatedAt: Instant,
) {
    /** Without its secrets. */
    override fun toString(): String =
        "Payment(id=${id}, state=${state}, provider=${provider}, priceId=${priceId}, quantity=${quantity}, description=${description}, buyerId=${buyerId}, sellerId=${sellerId}, captureMethod=${captureMethod}, total=${total}, captured=${captured}, refunded=${refunded}, refunding=${refunding}, declineCode=${declineCode}, metadata=${metadata}, client=***, createdAt=${createdAt}, updatedAt=${updatedAt})"
}

/**
 * One payout. `destination`: the last digits of where it goes, as it was when it was asked for.
 *
 * @property state `held`: somebody looks at it first. `paid` may still become `failed`
 */
@Serializable
public data class Payout(
    public val id: String,
    public val state: PayoutState,
    public val money: Money,
    public val provider: Provider,
    public val payoutAccountId: String,
    public val destination: String? = null,
    public val isScheduled: Boolean,
    public val failureCode: String? = null,
    public val arrivesAt: Instant? = null,
    public val paidAt: Instant? = null,
    public val createdAt: Instant,
    public val updatedAt: Instant,
)

/**
 * A seller's account at a provider.
 *
 * @property requirements What the provider still wants to know
 * @property isDefault By which payouts go
 * @property isVerified It was shown that somebody receives what is sent there
 * @property onboardingUrl A page of the provider's, for a single visit; null when there is nothing to do
 */
@Serializable
public data class PayoutAccount(
    public val id: String,
    public val provider: Provider,
    public val country: String,
    public val status: PayoutAccountStatus,
    public val chargesEnabled: Boolean,
    public val payoutsEnabled: Boolean,
    public val requirements: List<String>,
    public val disabledReason: String? = null,
    public val destination: PayoutDestination? = null,
    public val isDefault: Boolean,
    public val isVerified: Boolean,
    public val onboardingUrl: String? = null,
    public val createdAt: Instant,
    public val updatedAt: Instant,
) {
    /** Without its secrets. */
    override fun toString(): String =
        "PayoutAccount(id=${id}, provider=${provider}, country=${country}, status=${status}, chargesEnabled=${chargesEnabled}, payoutsEnabled=${payoutsEnabled}, requirements=${requirements}, disabledReason=${disabledReason}, destination=${destination}, isDefault=${isDefault}, isVerified=${isVerified}, onboardingUrl=***, createdAt=${createdAt}, updatedAt=${updatedAt})"
}

/**
 * As an operator sees it.
 *
 * @property requirements What the provider still wants to know
 * @property isDefault By which payouts go
 * @property isVerified It was shown that somebody receives what is sent there
 * @property onboardingUrl A page of the provider's, for a single visit; null when there is nothing to do
 */
@Serializable
public data class PayoutAccountSeen(
    public val id: String,
    public val provider: Provider,
    public val country: String,
    public val status: PayoutAccountStatus,
    public val chargesEnabled: Boolean,
    public val payoutsEnabled: Boolean,
    public val requirements: List<String>,
    public val disabledReason: String? = null,
    public val destination: PayoutDestination? = null,
    public val isDefault: Boolean,
    public val isVerified: Boolean,
    public val onboardingUrl: String? = null,
    public val createdAt: Instant,
    public val updatedAt: Instant,
    public val sellerId: String,
    public val providerAccount: String,
    public val reference: String? = null,
    public val lookedAt: Instant? = null,
    public val enabledAt: Instant? = null,
    public val endedAt: Instant? = null,
) {
    /** Without its secrets. */
    override fun toString(): String =
        "PayoutAccountSeen(id=${id}, provider=${provider}, country=${country}, status=${status}, chargesEnabled=${chargesEnabled}, payoutsEnabled=${payoutsEnabled}, requirements=${requirements}, disabledReason=${disabledReason}, destination=${destination}, isDefault=${isDefault}, isVerified=${isVerified}, onboardingUrl=***, createdAt=${createdAt}, updatedAt=${updatedAt}, sellerId=${sellerId}, providerAccount=${providerAccount}, reference=${reference}, lookedAt=${lookedAt}, enabledAt=${enabledAt}, endedAt=${endedAt})"
}

/**
 * Where the money goes, as the seller recognises it. `changedAt`: null for the first that was ever given.
 */
@Serializable
public data class PayoutDestination(
    public val hint: String,
    public val changedAt: Instant? = null,
)

/** When what is available is paid out. `nextAt` is null where it is done by hand. */
@Serializable
public data class PayoutSchedule(
    public val interval: PayoutInterval,
    public val weekday: Int? = null,
    public val day: Int? = null,
    public val minimums: List<Money>,
    public val nextAt: Instant? = null,
)

/** Whether payouts are sent. While they are stopped they may be asked for, and wait. */
@Serializable
public data class PayoutStop(
    public val isStopped: Boolean,
    public val reason: String? = null,
    public val stoppedAt: Instant? = null,
)

/** A recurring price on offer, with its product. */
@Serializable
public data class Plan(
    public val price: Price,
    public val product: PlanProduct,
)

/** Plans of which a subscriber has one at a time. */
@Serializable
public data class PlanGroup(
    public val id: String,
    public val sellerId: String? = null,
    public val name: String,
    public val plans: List<Plan>,
)

/** What a plan is a price of. */
@Serializable
public data class PlanProduct(
    public val id: String,
    public val name: String,
    public val kind: ProductKind,
    public val imageUrls: List<String>,
)

/**
 * What the app hands to Google Play as the obfuscated account id, in every purchase that this user makes.
 */
@Serializable
public data class PlayAccount(
    public val obfuscatedAccountId: String,
)

/**
 * The next events of an endpoint, oldest first. Pass `nextCursor` as `after`, now or later: nothing is missed.
 *
 * @property nextCursor Null only where nothing was ever there
 */
@Serializable
public data class PolledEvents(
    public val items: List<WebhookEvent>,
    public val nextCursor: String? = null,
    public val hasMore: Boolean,
)

/** A price: what it costs never changes once it was used, only whether it is on offer (`active`). */
@Serializable
public data class Price(
    public val id: String,
    public val productId: String,
    public val unitAmount: Money,
    public val type: PriceType,
    public val interval: BillingInterval? = null,
    public val intervalCount: Int? = null,
    public val trialDays: Int? = null,
    public val planGroupId: String? = null,
    public val planGroup: String? = null,
    public val taxBehavior: String = "inclusive",
    public val active: Boolean,
    public val createdAt: Instant,
)

/**
 * The whole product: the frozen value that crosses the slice's border, and the body that everybody reads.
 */
@Serializable
public data class Product(
    public val id: String,
    public val sellerId: String? = null,
    public val name: String,
    public val imageUrls: List<String>,
    public val kind: ProductKind,
    public val status: ProductStatus,
    public val prices: List<Price>,
    public val createdAt: Instant,
    public val updatedAt: Instant,
    public val description: String,
)

/** A product as lists show it. `sellerId` is null for the platform's own; `prices` are those on offer. */
@Serializable
public data class ProductSummary(
    public val id: String,
    public val sellerId: String? = null,
    public val name: String,
    public val imageUrls: List<String>,
    public val kind: ProductKind,
    public val status: ProductStatus,
    public val prices: List<Price>,
    public val createdAt: Instant,
    public val updatedAt: Instant,
)

/** Each dependency's state: `ok`, `degraded` or `down`. */
@Serializable
public data class Ready(
    public val status: Readiness,
    public val dependencies: Map<String, String>,
)

/**
 * One difference between a provider's books and ours.
 *
 * @property object The provider's object
 * @property details Both sides as they were seen; amounts in minor units
 */
@Serializable
public data class ReconciliationItem(
    public val id: String,
    public val kind: ReconciliationKind,
    public val provider: String,
    public val providerAccount: String,
    public val `object`: String,
    public val details: JsonObject,
    public val openedAt: Instant,
    public val resolvedAt: Instant? = null,
    public val resolvedBy: String? = null,
    public val reason: String? = null,
)

/**
 * What one run found at one provider.
 *
 * @property isClean Nothing differs, nothing waits for a person, and the provider was asked
 * @property imported Lines that were new
 * @property booked Lines from which something was booked
 * @property opened Differences that were new
 * @property openItems Differences that nobody had resolved, by kind
 * @property standings Empty if the provider could not be asked
 * @property fault Why it could not
 */
@Serializable
public data class ReconciliationReport(
    public val id: String,
    public val provider: String,
    public val providerAccount: String,
    public val startedAt: Instant,
    public val endedAt: Instant,
    public val isClean: Boolean,
    public val imported: Int,
    public val booked: Int,
    public val opened: Int,
    public val openItems: Map<String, Int>,
    public val standings: List<ReconciliationStanding>,
    public val fault: String? = null,
)

/**
 * A provider's money in one currency, in minor units: by its own word, and by our books.
 *
 * @property held What the provider says it holds
 * @property booked What our books say it holds and we may use
 * @property coming Its lines that are not available yet
 * @property clearing Booked by us, not settled by its lines
 * @property difference `held` less `booked` and `coming`, apart from what moved during the look
 * @property differsSince After 24 hours it is a difference of its own, of kind `balance`
 */
@Serializable
public data class ReconciliationStanding(
    public val currency: String,
    public val held: Long,
    public val booked: Long,
    public val coming: Long,
    public val clearing: Long,
    public val difference: Long,
    public val differsSince: String? = null,
)

/** A refund. */
@Serializable
public data class Refund(
    public val id: String,
    public val paymentId: String,
    public val state: RefundState,
    public val money: Money,
    public val reason: String? = null,
    public val failureCode: String? = null,
    public val createdAt: Instant,
)

/** How many messages, by what had become of them. */
@Serializable
public data class ReplayCounts(
    public val failed: Int = 0,
    public val skipped: Int = 0,
    public val succeeded: Int = 0,
    public val missing: Int = 0,
)

/**
 * How many are sent again, or would be. Call again with the cursor until there is none.
 *
 * A dry run counts all at once, up to 100,000, and has no cursor.
 */
@Serializable
public data class Replayed(
    public val dryRun: Boolean,
    public val messages: Int,
    public val byState: ReplayCounts,
    public val nextCursor: String? = null,
)

/**
 * A payout as an operator sees it. `alarm`: the provider's money on it is not what our row says.
 *
 * @property state `held`: somebody looks at it first. `paid` may still become `failed`
 */
@Serializable
public data class ReviewedPayout(
    public val id: String,
    public val state: PayoutState,
    public val money: Money,
    public val provider: Provider,
    public val payoutAccountId: String,
    public val destination: String? = null,
    public val isScheduled: Boolean,
    public val failureCode: String? = null,
    public val arrivesAt: Instant? = null,
    public val paidAt: Instant? = null,
    public val createdAt: Instant,
    public val updatedAt: Instant,
    public val sellerId: String,
    public val heldFor: List<String>,
    public val heldUntil: Instant? = null,
    public val alarm: String? = null,
    public val transferReference: String? = null,
    public val payoutReference: String? = null,
)

/**
 * What a seller's sales cost: `isAgreed` with this seller, or else the platform's usual fee.
 *
 * @property fixed Minor units by currency; none for a currency that is absent
 */
@Serializable
public data class SellerFee(
    public val sellerId: String,
    public val basisPoints: Int,
    public val fixed: Map<String, Long>,
    public val isAgreed: Boolean,
)

/**
 * A new session and whose it is.
 *
 * @property expiresIn Seconds that the access token lives
 */
@Serializable
internal data class SignedIn(
    public val accessToken: String,
    public val refreshToken: String,
    public val expiresIn: Int,
    public val tokenType: String = "Bearer",
    public val user: User,
) {
    /** Without its secrets. */
    override fun toString(): String =
        "SignedIn(accessToken=***, refreshToken=***, expiresIn=${expiresIn}, tokenType=${tokenType}, user=${user})"
}

/** A month in UTC, in minor units. `isFinal`: it is over, so nothing comes to it any more. */
@Serializable
public data class Statement(
    public val month: String,
    public val since: Instant,
    public val until: Instant,
    public val isFinal: Boolean,
    public val items: List<StatementCurrency>,
)

/** One currency's month: `opening` and all `types` together are `closing`. */
@Serializable
public data class StatementCurrency(
    public val currency: String,
    public val opening: StatementSums,
    public val types: List<StatementLine>,
    public val closing: StatementSums,
)

/** What all transactions of one type did. */
@Serializable
public data class StatementLine(
    public val type: String,
    public val sums: StatementSums,
)

/** Balances at one moment, or changes over a time. `total`: what is had, less what is owed. */
@Serializable
public data class StatementSums(
    public val pending: Long = 0,
    public val available: Long = 0,
    public val reserve: Long = 0,
    public val disputed: Long = 0,
    public val inTransit: Long = 0,
    public val receivable: Long = 0,
    public val total: Long,
)

/**
 * A subscription as its subscriber sees it.
 *
 * @property pendingPriceId The plan from the next period on, if another was chosen
 * @property graceUntil How long it lasts on while its payment fails
 * @property client What the provider's Android SDK needs while the first payment waits; empty otherwise
 */
@Serializable
public data class Subscription(
    public val id: String,
    public val state: SubscriptionState,
    public val provider: Provider,
    public val planGroupId: String,
    public val productId: String,
    public val priceId: String,
    public val periodStart: Instant? = null,
    public val periodEnd: Instant? = null,
    public val paidUntil: Instant? = null,
    public val trialEnd: Instant? = null,
    public val cancelAtPeriodEnd: Boolean,
    public val pendingPriceId: String? = null,
    public val graceUntil: Instant? = null,
    public val resumesAt: Instant? = null,
    public val endedAt: Instant? = null,
    public val declineCode: String? = null,
    public val client: Map<String, String>,
    public val createdAt: Instant,
    public val updatedAt: Instant,
) {
    /** Without its secrets. */
    override fun toString(): String =
        "Subscription(id=${id}, state=${state}, provider=${provider}, planGroupId=${planGroupId}, productId=${productId}, priceId=${priceId}, periodStart=${periodStart}, periodEnd=${periodEnd}, paidUntil=${paidUntil}, trialEnd=${trialEnd}, cancelAtPeriodEnd=${cancelAtPeriodEnd}, pendingPriceId=${pendingPriceId}, graceUntil=${graceUntil}, resumesAt=${resumesAt}, endedAt=${endedAt}, declineCode=${declineCode}, client=***, createdAt=${createdAt}, updatedAt=${updatedAt})"
}

/** One of the two: what it would cost, or the subscription after the change. */
@Serializable
public data class SubscriptionChange(
    public val preview: ChangePreview? = null,
    public val subscription: Subscription? = null,
)

/**
 * A time that was paid for: an invoice and its receipt. `paymentId`: its payment, where it is booked here.
 */
@Serializable
public data class SubscriptionPeriod(
    public val id: String,
    public val kind: PeriodKind,
    public val priceId: String,
    public val periodStart: Instant,
    public val periodEnd: Instant,
    public val amount: Money,
    public val paymentId: String? = null,
    public val givenBackAt: Instant? = null,
    public val paidAt: Instant,
)

/**
 * A pair of tokens. Store it before using it.
 *
 * @property expiresIn Seconds that the access token lives
 */
@Serializable
internal data class TokenPair(
    public val accessToken: String,
    public val refreshToken: String,
    public val expiresIn: Int,
    public val tokenType: String = "Bearer",
) {
    /** Without its secrets. */
    override fun toString(): String =
        "TokenPair(accessToken=***, refreshToken=***, expiresIn=${expiresIn}, tokenType=${tokenType})"
}

/**
 * One thing that happened to the caller's money.
 *
 * @property type What happened
 * @property amount What the caller has more, or less; 0 for a move between balances
 * @property description What it was for
 */
@Serializable
public data class Transaction(
    public val id: String,
    public val type: String,
    public val createdAt: Instant,
    public val currency: String,
    public val amount: Money,
    public val changes: BalanceChanges,
    public val `object`: TransactionObject? = null,
    public val paymentId: String? = null,
    public val description: String? = null,
)

/** What a transaction belongs to. */
@Serializable
public data class TransactionObject(
    public val type: String,
    public val id: String,
)

/**
 * A living account: the frozen value that crosses the slice's border, and the body that its owner reads.
 */
@Serializable
public data class User(
    public val id: String,
    public val email: String,
    public val emailVerified: Boolean,
    public val name: String,
    public val avatarUrl: String? = null,
    public val role: String,
    public val createdAt: Instant,
    public val updatedAt: Instant,
)

/** The e-mail that is now known to be the user's. */
@Serializable
public data class Verified(
    public val email: String,
    public val emailVerified: Boolean = true,
)

/** What a subscriber is told, and its id: the header webhook-id of every try. */
@Serializable
public data class WebhookEvent(
    public val id: String,
    public val type: String,
    public val timestamp: Instant,
    public val data: JsonObject,
)

/** One message and where it went. */
@Serializable
public data class WebhookMessage(
    public val id: String,
    public val type: String,
    public val timestamp: Instant,
    public val data: JsonObject,
    public val deliveries: List<Delivery>,
)

/**
 * A delivery with its message and every try, the first one first.
 *
 * @property messageId The header webhook-id
 * @property tries Tries that have ended
 * @property dueAt When it is tried next
 */
@Serializable
public data class WholeDelivery(
    public val id: String,
    public val messageId: String,
    public val endpointId: String,
    public val type: String,
    public val state: DeliveryState,
    public val tries: Int,
    public val publishedAt: Instant,
    public val dueAt: Instant? = null,
    public val doneAt: Instant? = null,
    public val lastAttempt: DeliveryTry? = null,
    public val message: WebhookEvent,
    public val attempts: List<DeliveryAttempt>,
)
