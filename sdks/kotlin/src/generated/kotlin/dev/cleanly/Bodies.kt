// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlin.time.Instant
import kotlinx.serialization.Serializable

@Serializable
internal class CancelBody(
    val atPeriodEnd: Boolean? = null,
)

@Serializable
internal class CaptureBody(
    val amount: Long? = null,
)

@Serializable
internal class ChangeBody(
    val priceId: String? = null,
    val preview: Boolean? = null,
    val previewToken: String? = null,
)

@Serializable
internal class EndpointBody(
    val url: String,
    val eventTypes: List<String>,
    val description: String? = null,
    val enabled: Boolean? = null,
    val ratePerMinute: Int? = null,
    val ordered: Boolean? = null,
    val signature: SignatureScheme? = null,
)

@Serializable
internal class EndpointChangeBody(
    val url: String? = null,
    val eventTypes: List<String>? = null,
    val description: String? = null,
    val enabled: Boolean? = null,
    val ratePerMinute: Settable<Int>? = null,
    val ordered: Boolean? = null,
)

@Serializable
internal class ForgotBody(
    val email: String,
)

@Serializable
internal class GoogleBody(
    val idToken: String,
    val nonce: String? = null,
)

@Serializable
internal class HoldTermsBody(
    val holdDays: Int? = null,
    val reserveBasisPoints: Int? = null,
)

@Serializable
internal class InboundReplayBody(
    val state: InboundEventState? = null,
    val provider: String? = null,
    val type: String? = null,
    val since: Instant? = null,
    val cursor: String? = null,
)

@Serializable
internal class LoginBody(
    val email: String,
    val password: String,
)

@Serializable
internal class LogoutBody(
    val refreshToken: String? = null,
    val scope: LogoutScope? = null,
)

@Serializable
internal class PasswordChangeBody(
    val currentPassword: String,
    val newPassword: String,
)

@Serializable
internal class PaymentBody(
    val priceId: String,
    val provider: Provider,
    val quantity: Int? = null,
    val captureMethod: CaptureMethod? = null,
    val metadata: Map<String, String>? = null,
)

@Serializable
internal class PayoutAccountBody(
    val provider: Provider,
    val country: String,
    val currencies: List<String>? = null,
    val payee: String? = null,
)

@Serializable
internal class PayoutAccountChangeBody(
    val currentPassword: String,
    val payee: String? = null,
    val isDefault: Boolean? = null,
)

@Serializable
internal class PayoutBody(
    val amount: Long,
    val currency: String,
    val provider: Provider? = null,
)

@Serializable
internal class PayoutScheduleBody(
    val interval: PayoutInterval,
    val weekday: Int? = null,
    val day: Int? = null,
    val minimums: List<Money>? = null,
)

@Serializable
internal class ProductBody(
    val name: String,
    val kind: ProductKind,
    val description: String? = null,
    val imageUrls: List<String>? = null,
    val platform: Boolean? = null,
    val price: NewPrice? = null,
)

@Serializable
internal class ProductChangeBody(
    val name: String? = null,
    val description: String? = null,
    val imageUrls: List<String>? = null,
)

@Serializable
internal class ProfileBody(
    val name: String? = null,
    val avatarUrl: Settable<String>? = null,
    val email: String? = null,
    val currentPassword: String? = null,
)

@Serializable
internal class RefreshBody(
    val refreshToken: String,
)

@Serializable
internal class RefundBody(
    val amount: Long? = null,
    val reason: String? = null,
)

@Serializable
internal class RegisterBody(
    val email: String,
    val password: String,
    val name: String,
)

@Serializable
internal class ReplayBody(
    val since: Instant,
    val until: Instant? = null,
    val states: List<ReplayState>? = null,
    val dryRun: Boolean? = null,
    val cursor: String? = null,
)

@Serializable
internal class ResetBody(
    val token: String,
    val password: String,
)

@Serializable
internal class ResolveBody(
    val reason: String,
)

@Serializable
internal class ReviewBody(
    val reason: String,
)

@Serializable
internal class RotateBody(
    val overlapHours: Int? = null,
)

@Serializable
internal class SellerFeeBody(
    val basisPoints: Int,
    val fixed: Map<String, Long>? = null,
)

@Serializable
internal class SubscriptionBody(
    val priceId: String,
    val provider: Provider,
    val purchaseToken: String? = null,
)

@Serializable
internal class VerifyBody(
    val token: String,
)
