// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlin.time.Instant
import kotlinx.coroutines.flow.Flow

/** What administrators see and decide. */
public class AdminApi internal constructor(private val caller: Caller) {
    /**
     * List provider news.
     *
     * Newest first; `state=dead` are those that wait for a person.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param state Only in this state
     * @param provider Only of this provider
     * @param type Only of this type
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun inboundEvents(
        state: InboundEventState? = null,
        provider: String? = null,
        type: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<InboundEvent> =
        pages { next -> caller.call(LIST_EVENTS, Page.serializer(InboundEvent.serializer()), options, query = arrayOf("state" to state?.wire, "provider" to provider, "type" to type, "limit" to pageSize, "cursor" to next)) }

    /**
     * List provider news.
     *
     * Newest first; `state=dead` are those that wait for a person.
     *
     * One page.
     *
     * @param state Only in this state
     * @param provider Only of this provider
     * @param type Only of this type
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun inboundEventsPage(
        state: InboundEventState? = null,
        provider: String? = null,
        type: String? = null,
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<InboundEvent> =
        caller.call(LIST_EVENTS, Page.serializer(InboundEvent.serializer()), options, query = arrayOf("state" to state?.wire, "provider" to provider, "type" to type, "limit" to limit, "cursor" to cursor))


    /**
     * One event with its body and error.
     *
     * As it came, without what its headers had of secrets.
     *
     * @param id An event's id here
     */
    public suspend fun inboundEvent(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): InboundLetter =
        caller.call(READ_EVENT, InboundLetter.serializer(), options, path = arrayOf(id))


    /**
     * Act on one event again.
     *
     * Whatever became of it before: acting on the same news twice changes nothing.
     *
     * @param id An event's id here
     */
    public suspend fun replayInboundEvent(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): InboundEvent =
        caller.call(REPLAY_EVENT, InboundEvent.serializer(), options, path = arrayOf(id))


    /**
     * Act on many events again.
     *
     * All of a type, or since a time, or both: two hundred a call.
     *
     * @param since Received at this moment or later
     * @param cursor `nextCursor` of the call before
     */
    public suspend fun replayInboundEvents(
        state: InboundEventState? = null,
        provider: String? = null,
        type: String? = null,
        since: Instant? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): InboundReplayed =
        caller.call(REPLAY_EVENTS, InboundReplayed.serializer(), options, body = bodyOf(InboundReplayBody.serializer(), InboundReplayBody(state = state, provider = provider, type = type, since = since, cursor = cursor)))


    /**
     * List differences between providers' books and ours.
     *
     * Newest first. For admins.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param open Only open, or only resolved ones
     * @param kind Only of this kind
     * @param provider Only of this provider
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun reconciliationItems(
        open: Boolean? = null,
        kind: ReconciliationKind? = null,
        provider: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<ReconciliationItem> =
        pages { next -> caller.call(LIST_ITEMS, Page.serializer(ReconciliationItem.serializer()), options, query = arrayOf("open" to open, "kind" to kind?.wire, "provider" to provider, "limit" to pageSize, "cursor" to next)) }

    /**
     * List differences between providers' books and ours.
     *
     * Newest first. For admins.
     *
     * One page.
     *
     * @param open Only open, or only resolved ones
     * @param kind Only of this kind
     * @param provider Only of this provider
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun reconciliationItemsPage(
        open: Boolean? = null,
        kind: ReconciliationKind? = null,
        provider: String? = null,
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<ReconciliationItem> =
        caller.call(LIST_ITEMS, Page.serializer(ReconciliationItem.serializer()), options, query = arrayOf("open" to open, "kind" to kind?.wire, "provider" to provider, "limit" to limit, "cursor" to cursor))


    /**
     * List what each run of reconciliation found.
     *
     * One for each provider and run, newest first; also of runs that failed. For admins.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param provider Only of this provider
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun reconciliationReports(
        provider: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<ReconciliationReport> =
        pages { next -> caller.call(LIST_REPORTS, Page.serializer(ReconciliationReport.serializer()), options, query = arrayOf("provider" to provider, "limit" to pageSize, "cursor" to next)) }

    /**
     * List what each run of reconciliation found.
     *
     * One for each provider and run, newest first; also of runs that failed. For admins.
     *
     * One page.
     *
     * @param provider Only of this provider
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun reconciliationReportsPage(
        provider: String? = null,
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<ReconciliationReport> =
        caller.call(LIST_REPORTS, Page.serializer(ReconciliationReport.serializer()), options, query = arrayOf("provider" to provider, "limit" to limit, "cursor" to cursor))


    /**
     * Resolve a difference.
     *
     * With the reason, which is kept and audited. It moves no money. For admins.
     *
     * @param id The difference's id
     */
    public suspend fun resolveReconciliationItem(
        id: String,
        reason: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): ReconciliationItem =
        caller.call(RESOLVE_ITEM, ReconciliationItem.serializer(), options, path = arrayOf(id), body = bodyOf(ResolveBody.serializer(), ResolveBody(reason = reason)))


    /**
     * What a seller's sales cost.
     *
     * What was agreed with the seller, or the platform's usual fee. For admins.
     */
    public suspend fun sellerFee(
        sellerId: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): SellerFee =
        caller.call(READ_SELLER_FEE, SellerFee.serializer(), options, path = arrayOf(sellerId))


    /**
     * Agree on a fee with a seller.
     *
     * Holds for payments from now on; those that exist keep the fee that they were made with. For admins.
     *
     * @param fixed Minor units by currency; none for a currency that is absent
     */
    public suspend fun agreeSellerFee(
        sellerId: String,
        basisPoints: Int,
        fixed: Map<String, Long>? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): SellerFee =
        caller.call(AGREE_SELLER_FEE, SellerFee.serializer(), options, path = arrayOf(sellerId), body = bodyOf(SellerFeeBody.serializer(), SellerFeeBody(basisPoints = basisPoints, fixed = fixed)))


    /**
     * Go back to the usual fee.
     *
     * Again: still 204. For admins.
     */
    public suspend fun endSellerFee(
        sellerId: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Unit =
        caller.send(END_SELLER_FEE, options, path = arrayOf(sellerId))


    /**
     * How long a seller's money rests.
     *
     * What was agreed with the seller, or the platform's usual terms. For admins.
     */
    public suspend fun holdTerms(
        sellerId: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): HoldTerms =
        caller.call(READ_HOLD_TERMS, HoldTerms.serializer(), options, path = arrayOf(sellerId))


    /**
     * Agree on hold terms with a seller.
     *
     * The days hold for captures from now on, the reserve for whatever is released from now on. For admins.
     */
    public suspend fun agreeHoldTerms(
        sellerId: String,
        holdDays: Int? = null,
        reserveBasisPoints: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): HoldTerms =
        caller.call(AGREE_HOLD_TERMS, HoldTerms.serializer(), options, path = arrayOf(sellerId), body = bodyOf(HoldTermsBody.serializer(), HoldTermsBody(holdDays = holdDays, reserveBasisPoints = reserveBasisPoints)))


    /**
     * Go back to the usual hold terms.
     *
     * Again: still 204. For admins.
     */
    public suspend fun endHoldTerms(
        sellerId: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Unit =
        caller.send(END_HOLD_TERMS, options, path = arrayOf(sellerId))


    /**
     * Sellers' payout accounts.
     *
     * Newest first, those that were given up too. For admins.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun payoutAccounts(
        status: PayoutAccountStatus? = null,
        provider: Provider? = null,
        seller: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<PayoutAccountSeen> =
        pages { next -> caller.call(LIST_SELLERS_PAYOUT_ACCOUNTS, Page.serializer(PayoutAccountSeen.serializer()), options, query = arrayOf("limit" to pageSize, "cursor" to next, "status" to status?.wire, "provider" to provider?.wire, "seller" to seller)) }

    /**
     * Sellers' payout accounts.
     *
     * Newest first, those that were given up too. For admins.
     *
     * One page.
     *
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun payoutAccountsPage(
        limit: Int? = null,
        cursor: String? = null,
        status: PayoutAccountStatus? = null,
        provider: Provider? = null,
        seller: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<PayoutAccountSeen> =
        caller.call(LIST_SELLERS_PAYOUT_ACCOUNTS, Page.serializer(PayoutAccountSeen.serializer()), options, query = arrayOf("limit" to limit, "cursor" to cursor, "status" to status?.wire, "provider" to provider?.wire, "seller" to seller))


    /**
     * One seller's payout account.
     *
     * As it was last seen. For admins.
     *
     * @param id A payout account's id
     */
    public suspend fun payoutAccount(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutAccountSeen =
        caller.call(READ_SELLERS_PAYOUT_ACCOUNT, PayoutAccountSeen.serializer(), options, path = arrayOf(id))


    /**
     * Everybody's payouts.
     *
     * Newest first; `state=held` are those that wait for a person. For admins.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun payouts(
        state: PayoutState? = null,
        sellerId: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<ReviewedPayout> =
        pages { next -> caller.call(LIST_ALL_PAYOUTS, Page.serializer(ReviewedPayout.serializer()), options, query = arrayOf("limit" to pageSize, "cursor" to next, "state" to state?.wire, "sellerId" to sellerId)) }

    /**
     * Everybody's payouts.
     *
     * Newest first; `state=held` are those that wait for a person. For admins.
     *
     * One page.
     *
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun payoutsPage(
        limit: Int? = null,
        cursor: String? = null,
        state: PayoutState? = null,
        sellerId: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<ReviewedPayout> =
        caller.call(LIST_ALL_PAYOUTS, Page.serializer(ReviewedPayout.serializer()), options, query = arrayOf("limit" to limit, "cursor" to cursor, "state" to state?.wire, "sellerId" to sellerId))


    /**
     * Let a held payout go.
     *
     * It is sent at once. For admins.
     *
     * @param id The payout's id
     */
    public suspend fun approvePayout(
        id: String,
        reason: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): ReviewedPayout =
        caller.call(APPROVE_PAYOUT, ReviewedPayout.serializer(), options, path = arrayOf(id), body = bodyOf(ReviewBody.serializer(), ReviewBody(reason = reason)))


    /**
     * Refuse a payout.
     *
     * One that has not left; the money is available again. For admins.
     *
     * @param id The payout's id
     */
    public suspend fun refusePayout(
        id: String,
        reason: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): ReviewedPayout =
        caller.call(REFUSE_PAYOUT, ReviewedPayout.serializer(), options, path = arrayOf(id), body = bodyOf(ReviewBody.serializer(), ReviewBody(reason = reason)))


    /**
     * Hold a payout.
     *
     * One that has not left, until somebody approves or refuses it. For admins.
     *
     * @param id The payout's id
     */
    public suspend fun holdPayout(
        id: String,
        reason: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): ReviewedPayout =
        caller.call(HOLD_PAYOUT, ReviewedPayout.serializer(), options, path = arrayOf(id), body = bodyOf(ReviewBody.serializer(), ReviewBody(reason = reason)))


    /**
     * Go on with a payout now.
     *
     * Look at the provider again and ask again what has had no answer, under the same key. For admins.
     *
     * One that is over stays so: its money is available, and may be paid out anew.
     *
     * @param id The payout's id
     */
    public suspend fun retryPayout(
        id: String,
        reason: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): ReviewedPayout =
        caller.call(RETRY_PAYOUT, ReviewedPayout.serializer(), options, path = arrayOf(id), body = bodyOf(ReviewBody.serializer(), ReviewBody(reason = reason)))


    /**
     * Whether payouts are sent.
     *
     * A fault in the ledger stops them by itself. For admins.
     */
    public suspend fun payoutStop(
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutStop =
        caller.call(READ_PAYOUT_STOP, PayoutStop.serializer(), options)


    /**
     * Stop all payouts.
     *
     * Nothing new is sent; what is on its way is watched as ever. For admins.
     */
    public suspend fun stopPayouts(
        reason: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutStop =
        caller.call(STOP_PAYOUTS, PayoutStop.serializer(), options, body = bodyOf(ReviewBody.serializer(), ReviewBody(reason = reason)))


    /**
     * Send payouts again.
     *
     * Those that waited go within minutes. For admins.
     */
    public suspend fun resumePayouts(
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutStop =
        caller.call(RESUME_PAYOUTS, PayoutStop.serializer(), options)


    private companion object {
        val LIST_EVENTS = Operation("list_events", "GET", "/admin/inbound-events")
        val READ_EVENT = Operation("read_event", "GET", "/admin/inbound-events/{id}")
        val REPLAY_EVENT = Operation("replay_event", "POST", "/admin/inbound-events/{id}/replay")
        val REPLAY_EVENTS = Operation("replay_events", "POST", "/admin/inbound-events/replay")
        val LIST_ITEMS = Operation("list_items", "GET", "/admin/reconciliation")
        val LIST_REPORTS = Operation("list_reports", "GET", "/admin/reconciliation/reports")
        val RESOLVE_ITEM = Operation("resolve_item", "POST", "/admin/reconciliation/{id}/resolve")
        val READ_SELLER_FEE = Operation("read_seller_fee", "GET", "/admin/sellers/{seller_id}/fee")
        val AGREE_SELLER_FEE = Operation("agree_seller_fee", "PUT", "/admin/sellers/{seller_id}/fee")
        val END_SELLER_FEE = Operation("end_seller_fee", "DELETE", "/admin/sellers/{seller_id}/fee")
        val READ_HOLD_TERMS = Operation("read_hold_terms", "GET", "/admin/sellers/{seller_id}/hold-terms")
        val AGREE_HOLD_TERMS = Operation("agree_hold_terms", "PUT", "/admin/sellers/{seller_id}/hold-terms")
        val END_HOLD_TERMS = Operation("end_hold_terms", "DELETE", "/admin/sellers/{seller_id}/hold-terms")
        val LIST_SELLERS_PAYOUT_ACCOUNTS = Operation("list_sellers_payout_accounts", "GET", "/admin/payout-accounts")
        val READ_SELLERS_PAYOUT_ACCOUNT = Operation("read_sellers_payout_account", "GET", "/admin/payout-accounts/{id}")
        val LIST_ALL_PAYOUTS = Operation("list_all_payouts", "GET", "/admin/payouts")
        val APPROVE_PAYOUT = Operation("approve_payout", "POST", "/admin/payouts/{id}/approve")
        val REFUSE_PAYOUT = Operation("refuse_payout", "POST", "/admin/payouts/{id}/refuse")
        val HOLD_PAYOUT = Operation("hold_payout", "POST", "/admin/payouts/{id}/hold")
        val RETRY_PAYOUT = Operation("retry_payout", "POST", "/admin/payouts/{id}/retry")
        val READ_PAYOUT_STOP = Operation("read_payout_stop", "GET", "/admin/payout-stop")
        val STOP_PAYOUTS = Operation("stop_payouts", "POST", "/admin/payout-stop")
        val RESUME_PAYOUTS = Operation("resume_payouts", "POST", "/admin/payout-stop/resume")
    }
}
