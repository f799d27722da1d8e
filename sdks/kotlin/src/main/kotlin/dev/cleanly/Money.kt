// Amounts in minor units, exactly.
package dev.cleanly

import java.math.BigDecimal
import kotlinx.serialization.Serializable

/**
 * [amount] in minor units of the ISO 4217 [currency]: 1250 EUR is 12.50 EUR, 1250 JPY is 1250 JPY. No float touches it.
 *
 * @property amount Minor units; may be negative.
 * @property currency Three capital letters.
 */
@Serializable
public data class Money(
    public val amount: Long,
    public val currency: String,
) : Comparable<Money> {
    /** Decimals of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD. A phone's own tables differ from ISO 4217. */
    public val exponent: Int get() = exponentOf(currency)

    /** In major units: 12.50. For showing, never for counting. */
    public val decimal: BigDecimal get() = BigDecimal.valueOf(amount, exponent)

    /** The sum. Throws [IllegalArgumentException] for another currency: a total across currencies does not exist. */
    public operator fun plus(other: Money): Money = Money(Math.addExact(amount, same(other)), currency)

    /** The difference, under the same rule. */
    public operator fun minus(other: Money): Money = Money(Math.subtractExact(amount, same(other)), currency)

    /** This much, so often. */
    public operator fun times(quantity: Int): Money = Money(Math.multiplyExact(amount, quantity.toLong()), currency)

    override fun compareTo(other: Money): Int = amount.compareTo(same(other))

    /** `12.50 EUR`. */
    override fun toString(): String = "${decimal.toPlainString()} $currency"

    private fun same(other: Money): Long {
        require(other.currency == currency) { "$currency and ${other.currency} have no sum" }
        return other.amount
    }

    /** From what people write. */
    public companion object {
        private val WHOLE = setOf(
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
        )
        private val THOUSANDTHS = setOf("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")

        /**
         * `Money.of("12.50", "EUR")`. Throws [ArithmeticException] if that is finer than the currency's minor unit, and
         * [NumberFormatException] if it is no number.
         */
        public fun of(decimal: String, currency: String): Money {
            return Money(BigDecimal(decimal).movePointRight(exponentOf(currency)).longValueExact(), currency)
        }

        private fun exponentOf(currency: String): Int = when (currency) {
            in WHOLE -> 0
            in THOUSANDTHS -> 3
            else -> 2
        }
    }
}
