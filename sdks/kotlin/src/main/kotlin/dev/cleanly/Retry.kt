// When to try again. Pure: failure and chance in, wait out.
package dev.cleanly

import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Tries after the first. */
internal const val RETRIES_MAX = 3

private val BASE = 500.milliseconds
private val CAP = 8.seconds

/**
 * How long to wait before retry number [retry] (from 0), or null for never.
 *
 * Exponential with full jitter: anything from nothing to the whole of it, so that phones that failed together do not come
 * back together. Never shorter than the service asked for.
 */
internal fun pauseBefore(retry: Int, failure: CleanlyException, random: Random): Duration? {
    if (retry >= RETRIES_MAX || !failure.isPassing) return null
    val ceiling = minOf(CAP, BASE * (1 shl retry))
    val jitter = ceiling * random.nextDouble()
    val asked = (failure as? ApiException)?.retryAfter ?: return jitter
    return asked + minOf(jitter, BASE)
}
