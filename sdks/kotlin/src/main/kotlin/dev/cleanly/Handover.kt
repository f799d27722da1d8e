// What the providers' own SDKs need, ready to be handed over. Store and log none of it.
package dev.cleanly

import kotlin.time.Duration
import kotlinx.serialization.Serializable

/**
 * For Stripe's PaymentSheet: `PaymentConfiguration.init(context, publishableKey)`, then `presentWithPaymentIntent`.
 *
 * @property clientSecret The payment's.
 * @property publishableKey The platform's.
 * @property customerId With [ephemeralKey]: `PaymentSheet.CustomerConfiguration`. Null: without saved cards.
 * @property ephemeralKey Opens the customer's saved cards to the sheet.
 */
public class PaymentSheetParameters internal constructor(
    public val clientSecret: String,
    public val publishableKey: String,
    public val customerId: String?,
    public val ephemeralKey: String?,
) {
    override fun toString(): String = "PaymentSheetParameters(***)"
}

/**
 * For PayPal: its SDK by [orderId], or a browser tab at [approveUrl].
 *
 * @property orderId PayPal's order or subscription.
 * @property approveUrl Where the buyer approves in a browser.
 */
public class PayPalParameters internal constructor(
    public val orderId: String,
    public val approveUrl: String,
) {
    override fun toString(): String = "PayPalParameters(***)"
}

/** For PaymentSheet; null if the payment is not Stripe's, or does not wait for its buyer. */
public val Payment.paymentSheet: PaymentSheetParameters? get() = paymentSheetOf(client)

/** For PayPal's SDK; null if the payment is not PayPal's, or does not wait for its buyer. */
public val Payment.payPal: PayPalParameters? get() = payPalOf(client)

/** For PaymentSheet; null if the subscription is not Stripe's, or does not wait for its buyer. */
public val Subscription.paymentSheet: PaymentSheetParameters? get() = paymentSheetOf(client)

/** For PayPal's SDK; null if the subscription is not PayPal's, or does not wait for its buyer. */
public val Subscription.payPal: PayPalParameters? get() = payPalOf(client)

/** Whether nothing more will happen to it by itself: stop reading it again. */
public val Payment.isSettled: Boolean
    get() = when (state) {
        PaymentState.CAPTURED, PaymentState.AUTHORIZED, PaymentState.FAILED, PaymentState.CANCELED -> true
        else -> false
    }

private fun paymentSheetOf(client: Map<String, String>): PaymentSheetParameters? {
    val key = client["publishableKey"] ?: return null
    return PaymentSheetParameters(client["clientSecret"] ?: return null, key, client["customer"], client["ephemeralKey"])
}

private fun payPalOf(client: Map<String, String>): PayPalParameters? {
    val id = client["orderId"] ?: client["subscriptionId"] ?: return null
    return PayPalParameters(id, client["approveUrl"] ?: return null)
}

@Serializable
internal class AdvanceBody(val seconds: Long)

/** Plays the buyer and the clock of the sandbox provider. In production all of it is [NotFound]. */
public class SandboxApi internal constructor(private val caller: Caller) {
    /** The buyer agrees, as PaymentSheet or PayPal's page would say. */
    public suspend fun confirm(payment: Payment): Unit = post("sandbox_confirm", payment.client["confirmPath"])

    /** The buyer's bank says no; the payment waits for another try. */
    public suspend fun decline(payment: Payment): Unit = post("sandbox_decline", payment.client["declinePath"])

    /** The subscriber pays the first period. */
    public suspend fun confirm(subscription: Subscription): Unit =
        post("sandbox_confirm", subscription.client["confirmPath"])

    /** Move the sandbox's clock ahead, and let happen what is due by then. */
    public suspend fun advance(by: Duration) {
        val body = bodyOf(AdvanceBody.serializer(), AdvanceBody(by.inWholeSeconds))
        caller.send(Operation("sandbox_advance", "POST", "/sandbox/advance"), CallOptions.DEFAULT, body = body)
    }

    private suspend fun post(name: String, path: String?) {
        requireNotNull(path) { "it is not the sandbox's, or does not wait for its buyer" }
        caller.send(Operation(name, "POST", "!$path"), CallOptions.DEFAULT)
    }
}
