// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly


/** The service itself: health, error table. */
public class ServiceApi internal constructor(private val caller: Caller) {
    /**
     * The process answers.
     *
     * For people and SDKs; asks nobody else.
     */
    public suspend fun health(
        options: CallOptions = CallOptions.DEFAULT,
    ): Health =
        caller.call(HEALTH, Health.serializer(), options)


    /**
     * May this instance take traffic?.
     *
     * For the platform: 503 until the schema was seen once and while draining; a database outage changes nothing.
     */
    public suspend fun live(
        options: CallOptions = CallOptions.DEFAULT,
    ): Health =
        caller.call(LIVE, Health.serializer(), options)


    /**
     * Does everything behind it answer?.
     *
     * For the outside monitor: 503 when a needed dependency does not answer within 2 s.
     */
    public suspend fun ready(
        options: CallOptions = CallOptions.DEFAULT,
    ): Ready =
        caller.call(READY, Ready.serializer(), options)


    /**
     * Every error code and what to do about it.
     *
     * The table that an app and its docs are built from, so that they can't drift.
     */
    public suspend fun errors(
        options: CallOptions = CallOptions.DEFAULT,
    ): List<ErrorRow> =
        caller.call(LIST_ERRORS, Items.serializer(ErrorRow.serializer()), options).items


    private companion object {
        val HEALTH = Operation("health", "GET", "/health", isOpen = true)
        val LIVE = Operation("live", "GET", "/health/live", isOpen = true)
        val READY = Operation("ready", "GET", "/health/ready", isOpen = true)
        val LIST_ERRORS = Operation("list_errors", "GET", "/errors", isOpen = true)
    }
}
