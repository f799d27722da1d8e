// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlinx.coroutines.flow.Flow

/** Payments, refunds, disputes. */
public class PaymentsApi internal constructor(private val caller: Caller) {
    /**
     * Buy something.
     *
     * Make the payment at the provider. Repeat with the same key until there is an answer: it is made once.
     *
     * `client` holds what the provider's SDK on the phone needs for the buyer to confirm.
     */
    public suspend fun create(
        priceId: String,
        provider: Provider,
        quantity: Int? = null,
        captureMethod: CaptureMethod? = null,
        metadata: Map<String, String>? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Payment =
        caller.call(CREATE_PAYMENT, Payment.serializer(), options, body = bodyOf(PaymentBody.serializer(), PaymentBody(priceId = priceId, provider = provider, quantity = quantity, captureMethod = captureMethod, metadata = metadata)))


    /**
     * What I bought and sold.
     *
     * Newest first, by the caller's part in them, by state, by provider.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun list(
        role: PaymentRole? = null,
        state: String? = null,
        provider: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Payment> =
        pages { next -> caller.call(LIST_PAYMENTS, Page.serializer(Payment.serializer()), options, query = arrayOf("limit" to pageSize, "cursor" to next, "role" to role?.wire, "state" to state, "provider" to provider)) }

    /**
     * What I bought and sold.
     *
     * Newest first, by the caller's part in them, by state, by provider.
     *
     * One page.
     *
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun listPage(
        limit: Int? = null,
        cursor: String? = null,
        role: PaymentRole? = null,
        state: String? = null,
        provider: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Payment> =
        caller.call(LIST_PAYMENTS, Page.serializer(Payment.serializer()), options, query = arrayOf("limit" to limit, "cursor" to cursor, "role" to role?.wire, "state" to state, "provider" to provider))


    /**
     * Look at a payment.
     *
     * The buyer's own or the seller's own. While it waits, the provider is asked (at most every two seconds).
     *
     * @param id The payment's id
     */
    public suspend fun read(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Payment =
        caller.call(READ_PAYMENT, Payment.serializer(), options, path = arrayOf(id))


    /**
     * Take an authorized payment.
     *
     * All of it, or a part once: the rest is given back. For the seller, or an admin.
     *
     * @param id The payment's id
     * @param amount Minor units of the payment's currency
     */
    public suspend fun capture(
        id: String,
        amount: Long? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Payment =
        caller.call(CAPTURE_PAYMENT, Payment.serializer(), options, path = arrayOf(id), body = bodyOf(CaptureBody.serializer(), CaptureBody(amount = amount)))


    /**
     * Give a payment up.
     *
     * While the buyer has not acted, or before an authorized payment is taken. For its buyer, seller, or an admin.
     *
     * @param id The payment's id
     */
    public suspend fun cancel(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Payment =
        caller.call(CANCEL_PAYMENT, Payment.serializer(), options, path = arrayOf(id))


    /**
     * Give money back.
     *
     * All that is left, or a part, several times. All ways to refund share one cap. For the seller, or an admin.
     *
     * @param id The payment's id
     * @param amount Minor units of the payment's currency
     */
    public suspend fun refund(
        id: String,
        amount: Long? = null,
        reason: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Refund =
        caller.call(REFUND_PAYMENT, Refund.serializer(), options, path = arrayOf(id), body = bodyOf(RefundBody.serializer(), RefundBody(amount = amount, reason = reason)))


    /**
     * A payment's refunds.
     *
     * Oldest first.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param id The payment's id
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun refunds(
        id: String,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Refund> =
        pages { next -> caller.call(LIST_REFUNDS, Page.serializer(Refund.serializer()), options, path = arrayOf(id), query = arrayOf("limit" to pageSize, "cursor" to next)) }

    /**
     * A payment's refunds.
     *
     * Oldest first.
     *
     * One page.
     *
     * @param id The payment's id
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun refundsPage(
        id: String,
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Refund> =
        caller.call(LIST_REFUNDS, Page.serializer(Refund.serializer()), options, path = arrayOf(id), query = arrayOf("limit" to limit, "cursor" to cursor))


    /**
     * A payment's disputes.
     *
     * Oldest first.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param id The payment's id
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun disputes(
        id: String,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Dispute> =
        pages { next -> caller.call(LIST_DISPUTES, Page.serializer(Dispute.serializer()), options, path = arrayOf(id), query = arrayOf("limit" to pageSize, "cursor" to next)) }

    /**
     * A payment's disputes.
     *
     * Oldest first.
     *
     * One page.
     *
     * @param id The payment's id
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun disputesPage(
        id: String,
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Dispute> =
        caller.call(LIST_DISPUTES, Page.serializer(Dispute.serializer()), options, path = arrayOf(id), query = arrayOf("limit" to limit, "cursor" to cursor))


    private companion object {
        val CREATE_PAYMENT = Operation("create_payment", "POST", "/payments")
        val LIST_PAYMENTS = Operation("list_payments", "GET", "/payments")
        val READ_PAYMENT = Operation("read_payment", "GET", "/payments/{id}")
        val CAPTURE_PAYMENT = Operation("capture_payment", "POST", "/payments/{id}/capture")
        val CANCEL_PAYMENT = Operation("cancel_payment", "POST", "/payments/{id}/cancel")
        val REFUND_PAYMENT = Operation("refund_payment", "POST", "/payments/{id}/refunds")
        val LIST_REFUNDS = Operation("list_refunds", "GET", "/payments/{id}/refunds")
        val LIST_DISPUTES = Operation("list_disputes", "GET", "/payments/{id}/disputes")
    }
}
