// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlinx.coroutines.flow.Flow

/** Subscriptions, and what a user may use now. */
public class SubscriptionsApi internal constructor(private val caller: Caller) {
    /**
     * Subscribe to a plan.
     *
     * One live subscription per group of plans: a second is refused with the first one's id.
     *
     * `client` holds what the provider's SDK on the phone needs for the first payment. With `google_play` the app has
     * paid already: the purchase is looked at, bound to the caller and acknowledged.
     */
    public suspend fun create(
        priceId: String,
        provider: Provider,
        purchaseToken: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Subscription =
        caller.call(CREATE_SUBSCRIPTION, Subscription.serializer(), options, body = bodyOf(SubscriptionBody.serializer(), SubscriptionBody(priceId = priceId, provider = provider, purchaseToken = purchaseToken)))


    /**
     * My subscriptions.
     *
     * Newest first, those that are over too.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun list(
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Subscription> =
        pages { next -> caller.call(LIST_SUBSCRIPTIONS, Page.serializer(Subscription.serializer()), options, query = arrayOf("limit" to pageSize, "cursor" to next)) }

    /**
     * My subscriptions.
     *
     * Newest first, those that are over too.
     *
     * One page.
     *
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun listPage(
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Subscription> =
        caller.call(LIST_SUBSCRIPTIONS, Page.serializer(Subscription.serializer()), options, query = arrayOf("limit" to limit, "cursor" to cursor))


    /**
     * Who I am at Google Play.
     *
     * The obfuscated account id that the app hands to Google Play; a purchase without it is refused here.
     */
    public suspend fun playAccount(
        options: CallOptions = CallOptions.DEFAULT,
    ): PlayAccount =
        caller.call(READ_PLAY_ACCOUNT, PlayAccount.serializer(), options)


    /**
     * Look at a subscription.
     *
     * The caller's own. While its first payment waits, the provider is asked (at most every two seconds).
     *
     * @param id The subscription's id
     */
    public suspend fun read(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Subscription =
        caller.call(READ_SUBSCRIPTION, Subscription.serializer(), options, path = arrayOf(id))


    /**
     * What was paid for a subscription.
     *
     * Invoices that were paid, newest first; each leads to its payment, and so to its refunds.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param id The subscription's id
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun periods(
        id: String,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<SubscriptionPeriod> =
        pages { next -> caller.call(LIST_PERIODS, Page.serializer(SubscriptionPeriod.serializer()), options, path = arrayOf(id), query = arrayOf("limit" to pageSize, "cursor" to next)) }

    /**
     * What was paid for a subscription.
     *
     * Invoices that were paid, newest first; each leads to its payment, and so to its refunds.
     *
     * One page.
     *
     * @param id The subscription's id
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun periodsPage(
        id: String,
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<SubscriptionPeriod> =
        caller.call(LIST_PERIODS, Page.serializer(SubscriptionPeriod.serializer()), options, path = arrayOf(id), query = arrayOf("limit" to limit, "cursor" to cursor))


    /**
     * End a subscription.
     *
     * When what is paid is used up, or now. Until then it can be resumed.
     *
     * @param id The subscription's id
     */
    public suspend fun cancel(
        id: String,
        atPeriodEnd: Boolean? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Subscription =
        caller.call(CANCEL_SUBSCRIPTION, Subscription.serializer(), options, path = arrayOf(id), body = bodyOf(CancelBody.serializer(), CancelBody(atPeriodEnd = atPeriodEnd)))


    /**
     * Go on with a subscription.
     *
     * After a pause, or before it ends: it is renewed after all.
     *
     * @param id The subscription's id
     */
    public suspend fun resume(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Subscription =
        caller.call(RESUME_SUBSCRIPTION, Subscription.serializer(), options, path = arrayOf(id))


    /**
     * Let a subscription rest.
     *
     * Nothing is billed and nothing may be used until it is resumed. Not every provider can.
     *
     * @param id The subscription's id
     */
    public suspend fun pause(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Subscription =
        caller.call(PAUSE_SUBSCRIPTION, Subscription.serializer(), options, path = arrayOf(id))


    /**
     * Change the plan of a subscription.
     *
     * First look what it costs, then accept exactly that. A dearer plan holds at once, a cheaper one with the period.
     *
     * 409 CONFLICT when the change would be another one by now; `details.preview` is what it would be.
     *
     * @param id The subscription's id
     */
    public suspend fun change(
        id: String,
        priceId: String? = null,
        preview: Boolean? = null,
        previewToken: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): SubscriptionChange =
        caller.call(CHANGE_SUBSCRIPTION, SubscriptionChange.serializer(), options, path = arrayOf(id), body = bodyOf(ChangeBody.serializer(), ChangeBody(priceId = priceId, preview = preview, previewToken = previewToken)))


    /**
     * What I may use now.
     *
     * Of every subscription, whoever bills it, and until when. `ETag` and `If-None-Match` spare the body.
     */
    public suspend fun entitlements(
        options: CallOptions = CallOptions.DEFAULT,
    ): List<Entitlement> =
        caller.call(READ_ENTITLEMENTS, Items.serializer(Entitlement.serializer()), options).items

    /**
     * What I may use now.
     *
     * Of every subscription, whoever bills it, and until when. `ETag` and `If-None-Match` spare the body.
     *
     * Null when nothing has changed since [known]; else the value and its ETag, which a change can name as `ifMatch`.
     *
     * @param known The ETag of what is at hand; null: none.
     */
    public suspend fun entitlementsIfChanged(
        known: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Versioned<List<Entitlement>>? =
        caller.callIfChanged(READ_ENTITLEMENTS, Items.serializer(Entitlement.serializer()), options, etag = known)?.map { it.items }


    private companion object {
        val CREATE_SUBSCRIPTION = Operation("create_subscription", "POST", "/subscriptions")
        val LIST_SUBSCRIPTIONS = Operation("list_subscriptions", "GET", "/subscriptions")
        val READ_PLAY_ACCOUNT = Operation("read_play_account", "GET", "/subscriptions/google-play-account")
        val READ_SUBSCRIPTION = Operation("read_subscription", "GET", "/subscriptions/{id}")
        val LIST_PERIODS = Operation("list_periods", "GET", "/subscriptions/{id}/periods")
        val CANCEL_SUBSCRIPTION = Operation("cancel_subscription", "POST", "/subscriptions/{id}/cancel")
        val RESUME_SUBSCRIPTION = Operation("resume_subscription", "POST", "/subscriptions/{id}/resume")
        val PAUSE_SUBSCRIPTION = Operation("pause_subscription", "POST", "/subscriptions/{id}/pause")
        val CHANGE_SUBSCRIPTION = Operation("change_subscription", "POST", "/subscriptions/{id}/change")
        val READ_ENTITLEMENTS = Operation("read_entitlements", "GET", "/entitlements")
    }
}
