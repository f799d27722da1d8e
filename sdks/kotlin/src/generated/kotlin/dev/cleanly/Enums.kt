// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlinx.serialization.Serializable

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = BillingIntervalSerializer::class)
public enum class BillingInterval(override val wire: String) : WireEnum {
    DAY("day"),
    WEEK("week"),
    MONTH("month"),
    YEAR("year"),
    UNRECOGNIZED("unrecognized"),
}

internal object BillingIntervalSerializer : WireEnumSerializer<BillingInterval>("BillingInterval", BillingInterval.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = CaptureMethodSerializer::class)
public enum class CaptureMethod(override val wire: String) : WireEnum {
    AUTOMATIC("automatic"),
    MANUAL("manual"),
    UNRECOGNIZED("unrecognized"),
}

internal object CaptureMethodSerializer : WireEnumSerializer<CaptureMethod>("CaptureMethod", CaptureMethod.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = DeliveryOutcomeSerializer::class)
public enum class DeliveryOutcome(override val wire: String) : WireEnum {
    SUCCEEDED("succeeded"),
    REFUSED("refused"),
    TIMEOUT("timeout"),
    UNREACHABLE("unreachable"),
    BROKEN("broken"),
    FORBIDDEN("forbidden"),
    UNRECOGNIZED("unrecognized"),
}

internal object DeliveryOutcomeSerializer : WireEnumSerializer<DeliveryOutcome>("DeliveryOutcome", DeliveryOutcome.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = DeliveryStateSerializer::class)
public enum class DeliveryState(override val wire: String) : WireEnum {
    PENDING("pending"),
    CLAIMED("claimed"),
    SUCCEEDED("succeeded"),
    FAILED("failed"),
    SKIPPED("skipped"),
    UNRECOGNIZED("unrecognized"),
}

internal object DeliveryStateSerializer : WireEnumSerializer<DeliveryState>("DeliveryState", DeliveryState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = DisabledReasonSerializer::class)
public enum class DisabledReason(override val wire: String) : WireEnum {
    OWNER("owner"),
    FAILING("failing"),
    GONE("gone"),
    UNRECOGNIZED("unrecognized"),
}

internal object DisabledReasonSerializer : WireEnumSerializer<DisabledReason>("DisabledReason", DisabledReason.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = DisputeStateSerializer::class)
public enum class DisputeState(override val wire: String) : WireEnum {
    NEEDS_RESPONSE("needs_response"),
    UNDER_REVIEW("under_review"),
    WON("won"),
    LOST("lost"),
    CLOSED("closed"),
    UNRECOGNIZED("unrecognized"),
}

internal object DisputeStateSerializer : WireEnumSerializer<DisputeState>("DisputeState", DisputeState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = DisputedMoneySerializer::class)
public enum class DisputedMoney(override val wire: String) : WireEnum {
    UNTOUCHED("untouched"),
    WITHDRAWN("withdrawn"),
    REINSTATED("reinstated"),
    LOST("lost"),
    UNRECOGNIZED("unrecognized"),
}

internal object DisputedMoneySerializer : WireEnumSerializer<DisputedMoney>("DisputedMoney", DisputedMoney.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = EndpointHealthStateSerializer::class)
public enum class EndpointHealthState(override val wire: String) : WireEnum {
    GOOD("good"),
    FAILING("failing"),
    UNRECOGNIZED("unrecognized"),
}

internal object EndpointHealthStateSerializer : WireEnumSerializer<EndpointHealthState>("EndpointHealthState", EndpointHealthState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = InboundEventStateSerializer::class)
public enum class InboundEventState(override val wire: String) : WireEnum {
    STORED("stored"),
    DONE("done"),
    IGNORED("ignored"),
    WAITING("waiting"),
    DEAD("dead"),
    UNRECOGNIZED("unrecognized"),
}

internal object InboundEventStateSerializer : WireEnumSerializer<InboundEventState>("InboundEventState", InboundEventState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = LogoutScopeSerializer::class)
public enum class LogoutScope(override val wire: String) : WireEnum {
    CURRENT("current"),
    OTHERS("others"),
    ALL("all"),
    UNRECOGNIZED("unrecognized"),
}

internal object LogoutScopeSerializer : WireEnumSerializer<LogoutScope>("LogoutScope", LogoutScope.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = PaymentRoleSerializer::class)
public enum class PaymentRole(override val wire: String) : WireEnum {
    BUYER("buyer"),
    SELLER("seller"),
    ANY("any"),
    UNRECOGNIZED("unrecognized"),
}

internal object PaymentRoleSerializer : WireEnumSerializer<PaymentRole>("PaymentRole", PaymentRole.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = PaymentStateSerializer::class)
public enum class PaymentState(override val wire: String) : WireEnum {
    CREATED("created"),
    REQUIRES_ACTION("requires_action"),
    PROCESSING("processing"),
    AUTHORIZED("authorized"),
    CAPTURED("captured"),
    UNKNOWN("unknown"),
    FAILED("failed"),
    CANCELED("canceled"),
    UNRECOGNIZED("unrecognized"),
}

internal object PaymentStateSerializer : WireEnumSerializer<PaymentState>("PaymentState", PaymentState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = PayoutAccountStatusSerializer::class)
public enum class PayoutAccountStatus(override val wire: String) : WireEnum {
    PENDING("pending"),
    ENABLED("enabled"),
    RESTRICTED("restricted"),
    DISABLED("disabled"),
    UNRECOGNIZED("unrecognized"),
}

internal object PayoutAccountStatusSerializer : WireEnumSerializer<PayoutAccountStatus>("PayoutAccountStatus", PayoutAccountStatus.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = PayoutIntervalSerializer::class)
public enum class PayoutInterval(override val wire: String) : WireEnum {
    MANUAL("manual"),
    DAILY("daily"),
    WEEKLY("weekly"),
    MONTHLY("monthly"),
    UNRECOGNIZED("unrecognized"),
}

internal object PayoutIntervalSerializer : WireEnumSerializer<PayoutInterval>("PayoutInterval", PayoutInterval.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = PayoutStateSerializer::class)
public enum class PayoutState(override val wire: String) : WireEnum {
    REQUESTED("requested"),
    HELD("held"),
    SENDING("sending"),
    UNKNOWN("unknown"),
    IN_TRANSIT("in_transit"),
    PAID("paid"),
    FAILED("failed"),
    RETURNED("returned"),
    CANCELED("canceled"),
    UNRECOGNIZED("unrecognized"),
}

internal object PayoutStateSerializer : WireEnumSerializer<PayoutState>("PayoutState", PayoutState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = PeriodKindSerializer::class)
public enum class PeriodKind(override val wire: String) : WireEnum {
    CYCLE("cycle"),
    CHANGE("change"),
    UNRECOGNIZED("unrecognized"),
}

internal object PeriodKindSerializer : WireEnumSerializer<PeriodKind>("PeriodKind", PeriodKind.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = PriceTypeSerializer::class)
public enum class PriceType(override val wire: String) : WireEnum {
    ONE_TIME("one_time"),
    RECURRING("recurring"),
    UNRECOGNIZED("unrecognized"),
}

internal object PriceTypeSerializer : WireEnumSerializer<PriceType>("PriceType", PriceType.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = ProductKindSerializer::class)
public enum class ProductKind(override val wire: String) : WireEnum {
    PHYSICAL("physical"),
    DIGITAL("digital"),
    SERVICE("service"),
    UNRECOGNIZED("unrecognized"),
}

internal object ProductKindSerializer : WireEnumSerializer<ProductKind>("ProductKind", ProductKind.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = ProductStatusSerializer::class)
public enum class ProductStatus(override val wire: String) : WireEnum {
    ACTIVE("active"),
    ARCHIVED("archived"),
    UNRECOGNIZED("unrecognized"),
}

internal object ProductStatusSerializer : WireEnumSerializer<ProductStatus>("ProductStatus", ProductStatus.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = ProviderSerializer::class)
public enum class Provider(override val wire: String) : WireEnum {
    STRIPE("stripe"),
    PAYPAL("paypal"),
    SANDBOX("sandbox"),
    GOOGLE_PLAY("google_play"),
    UNRECOGNIZED("unrecognized"),
}

internal object ProviderSerializer : WireEnumSerializer<Provider>("Provider", Provider.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = ReadinessSerializer::class)
public enum class Readiness(override val wire: String) : WireEnum {
    OK("ok"),
    DEGRADED("degraded"),
    UNRECOGNIZED("unrecognized"),
}

internal object ReadinessSerializer : WireEnumSerializer<Readiness>("Readiness", Readiness.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = ReconciliationKindSerializer::class)
public enum class ReconciliationKind(override val wire: String) : WireEnum {
    MISSING_LOCAL("missing_local"),
    MISSING_PROVIDER("missing_provider"),
    AMOUNT("amount"),
    CURRENCY("currency"),
    DUPLICATE("duplicate"),
    BALANCE("balance"),
    UNRECOGNIZED("unrecognized"),
}

internal object ReconciliationKindSerializer : WireEnumSerializer<ReconciliationKind>("ReconciliationKind", ReconciliationKind.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = RefundStateSerializer::class)
public enum class RefundState(override val wire: String) : WireEnum {
    CREATED("created"),
    PENDING("pending"),
    SUCCEEDED("succeeded"),
    FAILED("failed"),
    UNKNOWN("unknown"),
    UNRECOGNIZED("unrecognized"),
}

internal object RefundStateSerializer : WireEnumSerializer<RefundState>("RefundState", RefundState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = ReplayStateSerializer::class)
public enum class ReplayState(override val wire: String) : WireEnum {
    FAILED("failed"),
    SKIPPED("skipped"),
    SUCCEEDED("succeeded"),
    MISSING("missing"),
    UNRECOGNIZED("unrecognized"),
}

internal object ReplayStateSerializer : WireEnumSerializer<ReplayState>("ReplayState", ReplayState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = SignatureSchemeSerializer::class)
public enum class SignatureScheme(override val wire: String) : WireEnum {
    V1("v1"),
    V1A("v1a"),
    UNRECOGNIZED("unrecognized"),
}

internal object SignatureSchemeSerializer : WireEnumSerializer<SignatureScheme>("SignatureScheme", SignatureScheme.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = SubscriptionStateSerializer::class)
public enum class SubscriptionState(override val wire: String) : WireEnum {
    INCOMPLETE("incomplete"),
    TRIALING("trialing"),
    ACTIVE("active"),
    PAST_DUE("past_due"),
    UNPAID("unpaid"),
    PAUSED("paused"),
    CANCELED("canceled"),
    EXPIRED("expired"),
    UNRECOGNIZED("unrecognized"),
}

internal object SubscriptionStateSerializer : WireEnumSerializer<SubscriptionState>("SubscriptionState", SubscriptionState.entries)

/** UNRECOGNIZED stands for a value that is newer than this library. */
@Serializable(with = TakesHoldSerializer::class)
public enum class TakesHold(override val wire: String) : WireEnum {
    NOW("now"),
    AT_PERIOD_END("at_period_end"),
    UNRECOGNIZED("unrecognized"),
}

internal object TakesHoldSerializer : WireEnumSerializer<TakesHold>("TakesHold", TakesHold.entries)
