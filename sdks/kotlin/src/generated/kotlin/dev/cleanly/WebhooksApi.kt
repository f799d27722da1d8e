// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlin.time.Instant
import kotlinx.coroutines.flow.Flow

/** Endpoints that are told what happened, and what was delivered to them. To verify one: [Webhooks]. */
public class WebhooksApi internal constructor(private val caller: Caller) {
    /**
     * Webhook endpoints.
     *
     * In the order in which they were made.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param asPlatform For administrators: the platform's own.
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun endpoints(
        asPlatform: Boolean = false,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Endpoint> =
        pages { next -> caller.call(LIST_WEBHOOK_ENDPOINTS, Page.serializer(Endpoint.serializer()), options, query = arrayOf("limit" to pageSize, "cursor" to next, "account" to (if (asPlatform) "platform" else null))) }

    /**
     * Webhook endpoints.
     *
     * In the order in which they were made.
     *
     * One page.
     *
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun endpointsPage(
        limit: Int? = null,
        cursor: String? = null,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Endpoint> =
        caller.call(LIST_WEBHOOK_ENDPOINTS, Page.serializer(Endpoint.serializer()), options, query = arrayOf("limit" to limit, "cursor" to cursor, "account" to (if (asPlatform) "platform" else null)))


    /**
     * Add a webhook endpoint.
     *
     * The `secret` is shown in this answer and never again. Answers with its `ETag`.
     *
     * @param ratePerMinute Messages a minute at most
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun create(
        url: String,
        eventTypes: List<String>,
        description: String? = null,
        enabled: Boolean? = null,
        ratePerMinute: Int? = null,
        ordered: Boolean? = null,
        signature: SignatureScheme? = null,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): EndpointWithSecret =
        caller.call(CREATE_WEBHOOK_ENDPOINT, EndpointWithSecret.serializer(), options, query = arrayOf("account" to (if (asPlatform) "platform" else null)), body = bodyOf(EndpointBody.serializer(), EndpointBody(url = url, eventTypes = eventTypes, description = description, enabled = enabled, ratePerMinute = ratePerMinute, ordered = ordered, signature = signature)))


    /**
     * Read a webhook endpoint.
     *
     * Its settings and how it does. `ETag` names the settings, for `If-Match`.
     *
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun read(
        endpointId: String,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): Endpoint =
        caller.call(READ_WEBHOOK_ENDPOINT, Endpoint.serializer(), options, path = arrayOf(endpointId), query = arrayOf("account" to (if (asPlatform) "platform" else null)))


    /**
     * Change a webhook endpoint.
     *
     * What is absent stays. One that we switched off is sent a test first: only a 2xx switches it on again.
     *
     * @param ratePerMinute Messages a minute at most
     * @param asPlatform For administrators: the platform's own.
     * @param ifMatch The ETag that was read
     */
    public suspend fun change(
        endpointId: String,
        url: String? = null,
        eventTypes: List<String>? = null,
        description: String? = null,
        enabled: Boolean? = null,
        ratePerMinute: Settable<Int>? = null,
        ordered: Boolean? = null,
        asPlatform: Boolean = false,
        ifMatch: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Endpoint =
        caller.call(CHANGE_WEBHOOK_ENDPOINT, Endpoint.serializer(), options, path = arrayOf(endpointId), query = arrayOf("account" to (if (asPlatform) "platform" else null)), ifMatch = ifMatch, body = bodyOf(EndpointChangeBody.serializer(), EndpointChangeBody(url = url, eventTypes = eventTypes, description = description, enabled = enabled, ratePerMinute = ratePerMinute, ordered = ordered)))


    /**
     * Take a webhook endpoint away.
     *
     * What waits for it is skipped; what was tried can still be looked at.
     *
     * @param asPlatform For administrators: the platform's own.
     * @param ifMatch The ETag that was read
     */
    public suspend fun delete(
        endpointId: String,
        asPlatform: Boolean = false,
        ifMatch: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Unit =
        caller.send(DELETE_WEBHOOK_ENDPOINT, options, path = arrayOf(endpointId), query = arrayOf("account" to (if (asPlatform) "platform" else null)), ifMatch = ifMatch)


    /**
     * Give a webhook endpoint a new key.
     *
     * Both keys sign until the old one ends. The new `secret` is shown in this answer and never again.
     *
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun rotateSecret(
        endpointId: String,
        overlapHours: Int? = null,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): EndpointWithSecret =
        caller.call(ROTATE_WEBHOOK_SECRET, EndpointWithSecret.serializer(), options, path = arrayOf(endpointId), query = arrayOf("account" to (if (asPlatform) "platform" else null)), body = bodyOf(RotateBody.serializer(), RotateBody(overlapHours = overlapHours)))


    /**
     * What was published.
     *
     * The last 30 days' messages for this account, newest first, whether anybody subscribes to them or not.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param type Only of this type
     * @param since Published at this moment or later
     * @param asPlatform For administrators: the platform's own.
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun messages(
        type: String? = null,
        since: Instant? = null,
        asPlatform: Boolean = false,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<WebhookEvent> =
        pages { next -> caller.call(LIST_MESSAGES, Page.serializer(WebhookEvent.serializer()), options, query = arrayOf("type" to type, "since" to since, "limit" to pageSize, "cursor" to next, "account" to (if (asPlatform) "platform" else null))) }

    /**
     * What was published.
     *
     * The last 30 days' messages for this account, newest first, whether anybody subscribes to them or not.
     *
     * One page.
     *
     * @param type Only of this type
     * @param since Published at this moment or later
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun messagesPage(
        type: String? = null,
        since: Instant? = null,
        limit: Int? = null,
        cursor: String? = null,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<WebhookEvent> =
        caller.call(LIST_MESSAGES, Page.serializer(WebhookEvent.serializer()), options, query = arrayOf("type" to type, "since" to since, "limit" to limit, "cursor" to cursor, "account" to (if (asPlatform) "platform" else null)))


    /**
     * One message and where it went.
     *
     * With a delivery for each endpoint that it was for.
     *
     * @param id The header webhook-id
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun message(
        id: String,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): WebhookMessage =
        caller.call(READ_MESSAGE, WebhookMessage.serializer(), options, path = arrayOf(id), query = arrayOf("account" to (if (asPlatform) "platform" else null)))


    /**
     * Where messages went.
     *
     * Newest first, each with its newest try. What waits for somebody to mend it: `state=failed`, `state=skipped`.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param endpoint Only to this endpoint
     * @param state Only in this state
     * @param type Only of this type
     * @param since Published at this moment or later
     * @param asPlatform For administrators: the platform's own.
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun deliveries(
        endpoint: String? = null,
        state: DeliveryState? = null,
        type: String? = null,
        since: Instant? = null,
        asPlatform: Boolean = false,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Delivery> =
        pages { next -> caller.call(LIST_DELIVERIES, Page.serializer(Delivery.serializer()), options, query = arrayOf("endpoint" to endpoint, "state" to state?.wire, "type" to type, "since" to since, "limit" to pageSize, "cursor" to next, "account" to (if (asPlatform) "platform" else null))) }

    /**
     * Where messages went.
     *
     * Newest first, each with its newest try. What waits for somebody to mend it: `state=failed`, `state=skipped`.
     *
     * One page.
     *
     * @param endpoint Only to this endpoint
     * @param state Only in this state
     * @param type Only of this type
     * @param since Published at this moment or later
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun deliveriesPage(
        endpoint: String? = null,
        state: DeliveryState? = null,
        type: String? = null,
        since: Instant? = null,
        limit: Int? = null,
        cursor: String? = null,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Delivery> =
        caller.call(LIST_DELIVERIES, Page.serializer(Delivery.serializer()), options, query = arrayOf("endpoint" to endpoint, "state" to state?.wire, "type" to type, "since" to since, "limit" to limit, "cursor" to cursor, "account" to (if (asPlatform) "platform" else null)))


    /**
     * One delivery with every try.
     *
     * What was sent, and of each try: when, how long, the answer's status, headers and first 16 KiB, the address.
     *
     * @param id A delivery's id
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun delivery(
        id: String,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): WholeDelivery =
        caller.call(READ_DELIVERY, WholeDelivery.serializer(), options, path = arrayOf(id), query = arrayOf("account" to (if (asPlatform) "platform" else null)))


    /**
     * Ask for events instead of being told.
     *
     * An endpoint's events of the last 30 days in order, delivered or not, on or off: none twice, none missed.
     *
     * One that is published this very moment may need a second to appear.
     *
     * @param id The endpoint's id
     * @param after `nextCursor` of the call before
     * @param limit Rows per page
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun poll(
        id: String,
        after: String? = null,
        limit: Int? = null,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): PolledEvents =
        caller.call(POLL_EVENTS, PolledEvents.serializer(), options, path = arrayOf(id), query = arrayOf("after" to after, "account" to (if (asPlatform) "platform" else null)))


    /**
     * Try one delivery now.
     *
     * Whatever became of it before, with all its tries anew. Receivers know a repetition by its webhook-id.
     *
     * @param id A delivery's id
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun retry(
        id: String,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): Delivery =
        caller.call(RETRY_DELIVERY, Delivery.serializer(), options, path = arrayOf(id), query = arrayOf("account" to (if (asPlatform) "platform" else null)))


    /**
     * Send again what did not arrive.
     *
     * All since a time that failed or was skipped, five hundred a call, the oldest first. `dryRun` counts them.
     *
     * @param id The endpoint's id
     * @param since Published at this moment or later
     * @param until Published before this moment; now if absent
     * @param cursor `nextCursor` of the call before
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun replay(
        id: String,
        since: Instant,
        until: Instant? = null,
        states: List<ReplayState>? = null,
        dryRun: Boolean? = null,
        cursor: String? = null,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): Replayed =
        caller.call(REPLAY_ENDPOINT, Replayed.serializer(), options, path = arrayOf(id), query = arrayOf("account" to (if (asPlatform) "platform" else null)), body = bodyOf(ReplayBody.serializer(), ReplayBody(since = since, until = until, states = states, dryRun = dryRun, cursor = cursor)))


    /**
     * Send a test now and tell how it went.
     *
     * A signed event `endpoint.test`, sent once, also to an endpoint that is off. It changes nothing here.
     *
     * @param id The endpoint's id
     * @param asPlatform For administrators: the platform's own.
     */
    public suspend fun test(
        id: String,
        asPlatform: Boolean = false,
        options: CallOptions = CallOptions.DEFAULT,
    ): EndpointTest =
        caller.call(TEST_ENDPOINT, EndpointTest.serializer(), options, path = arrayOf(id), query = arrayOf("account" to (if (asPlatform) "platform" else null)))


    /**
     * Every kind of event that is told.
     *
     * Name, meaning, JSON Schema of `data` and an example of each. `ETag` and `If-None-Match` spare the body.
     */
    public suspend fun eventTypes(
        options: CallOptions = CallOptions.DEFAULT,
    ): List<EventType> =
        caller.call(LIST_EVENT_TYPES, Items.serializer(EventType.serializer()), options).items

    /**
     * Every kind of event that is told.
     *
     * Name, meaning, JSON Schema of `data` and an example of each. `ETag` and `If-None-Match` spare the body.
     *
     * Null when nothing has changed since [known]; else the value and its ETag, which a change can name as `ifMatch`.
     *
     * @param known The ETag of what is at hand; null: none.
     */
    public suspend fun eventTypesIfChanged(
        known: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Versioned<List<EventType>>? =
        caller.callIfChanged(LIST_EVENT_TYPES, Items.serializer(EventType.serializer()), options, etag = known)?.map { it.items }


    private companion object {
        val LIST_WEBHOOK_ENDPOINTS = Operation("list_webhook_endpoints", "GET", "/webhook-endpoints")
        val CREATE_WEBHOOK_ENDPOINT = Operation("create_webhook_endpoint", "POST", "/webhook-endpoints")
        val READ_WEBHOOK_ENDPOINT = Operation("read_webhook_endpoint", "GET", "/webhook-endpoints/{endpoint_id}")
        val CHANGE_WEBHOOK_ENDPOINT = Operation("change_webhook_endpoint", "PUT", "/webhook-endpoints/{endpoint_id}")
        val DELETE_WEBHOOK_ENDPOINT = Operation("delete_webhook_endpoint", "DELETE", "/webhook-endpoints/{endpoint_id}")
        val ROTATE_WEBHOOK_SECRET = Operation("rotate_webhook_secret", "POST", "/webhook-endpoints/{endpoint_id}/rotate-secret")
        val LIST_MESSAGES = Operation("list_messages", "GET", "/webhook-messages")
        val READ_MESSAGE = Operation("read_message", "GET", "/webhook-messages/{id}")
        val LIST_DELIVERIES = Operation("list_deliveries", "GET", "/webhook-deliveries")
        val READ_DELIVERY = Operation("read_delivery", "GET", "/webhook-deliveries/{id}")
        val POLL_EVENTS = Operation("poll_events", "GET", "/webhook-endpoints/{id}/events")
        val RETRY_DELIVERY = Operation("retry_delivery", "POST", "/webhook-deliveries/{id}/retry")
        val REPLAY_ENDPOINT = Operation("replay_endpoint", "POST", "/webhook-endpoints/{id}/replay")
        val TEST_ENDPOINT = Operation("test_endpoint", "POST", "/webhook-endpoints/{id}/test")
        val LIST_EVENT_TYPES = Operation("list_event_types", "GET", "/webhook-events", isOpen = true)
    }
}
