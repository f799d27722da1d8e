"""Each provider's own view of each currency: its minor unit, and what it can charge and pay out.

Ours is ISO 4217 (kernel/money.py). These tables are the only conversion; they refuse what is no multiple instead of
rounding it. Sources: the vendors' pages on currencies and payouts; what they leave open is refused here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cleanly.kernel.money import EXPONENTS, Money


class NotExact(ValueError):
    """The provider does not know the currency, or can't say this amount in it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One currency at one provider. `exponent`: its decimals there; the multiples are of our minor units."""

    exponent: int
    charge: int = 1
    payout: int = 1


@dataclass(frozen=True, slots=True)
class Currencies:
    """What one provider charges and pays."""

    provider: str
    rules: Mapping[str, Rule]

    def rule(self, currency: str) -> Rule:
        """The currency's rule.

        Raises:
            NotExact: the provider does not support it.
        """
        found = self.rules.get(currency)
        if found is None:
            raise NotExact(f"{self.provider} does not support {currency}")
        return found

    def supports(self, currency: str) -> bool:
        """Whether it can be charged at all."""
        return currency in self.rules

    def charges(self, money: Money) -> bool:
        """Whether exactly this can be charged: asked when a price is published, not when it is bought."""
        return money.currency in self.rules and money.amount % self.rules[money.currency].charge == 0

    def payable(self, money: Money) -> tuple[Money, Money]:
        """What of a balance can be paid out, and the remainder that stays.

        Raises:
            NotExact: the provider does not support the currency.
            ValueError: a negative amount.
        """
        if money.amount < 0:
            raise ValueError("a negative balance is not paid out")
        remainder = Money(money.amount % self.rule(money.currency).payout, money.currency)
        return money - remainder, remainder

    def to_provider(self, money: Money) -> int:
        """An amount to charge, capture or refund, in the provider's minor unit.

        Raises:
            NotExact: the provider can't move exactly this.
        """
        rule = self.rule(money.currency)
        if money.amount % rule.charge:
            raise NotExact(f"{self.provider} moves {money.currency} in multiples of {rule.charge}")
        return _rescale(money.amount, money.exponent, rule.exponent)

    def from_provider(self, value: int, currency: str) -> Money:
        """An amount as the provider says it: fees and conversions too, which keep no charge multiple.

        Raises:
            NotExact: an unknown currency, or finer than our minor unit.
        """
        rule = self.rule(currency)
        if isinstance(value, bool) or not isinstance(value, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise NotExact("an amount is an integer of minor units")
        return Money(_rescale(value, rule.exponent, EXPONENTS[currency]), currency)

    def to_decimal(self, money: Money) -> str:
        """As `to_provider`, for providers that want major units as text: `12.50`, `1250`.

        Raises:
            NotExact: the provider can't move exactly this.
        """
        value, exponent = self.to_provider(money), self.rule(money.currency).exponent
        if exponent == 0:
            return str(value)
        sign, digits = ("-" if value < 0 else ""), str(abs(value)).rjust(exponent + 1, "0")
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"

    def from_decimal(self, text: str, currency: str) -> Money:
        """Undo `to_decimal`; decimals that are zeros are not minded.

        Raises:
            NotExact: an unknown currency, no decimal, or finer than our minor unit.
        """
        self.rule(currency)
        try:
            return Money.from_decimal(text, currency)
        except ValueError as error:
            raise NotExact(str(error)) from error


def _rescale(amount: int, have: int, want: int) -> int:
    """From one number of decimals to another, exactly."""
    if want >= have:
        factor: int = 10 ** (want - have)
        return amount * factor
    divisor: int = 10 ** (have - want)
    if amount % divisor:
        raise NotExact("finer than the smallest unit")
    return amount // divisor


def _rules(currencies: str, rule: Rule) -> dict[str, Rule]:
    return dict.fromkeys(currencies.split(), rule)


# MGA: no decimals there, two in ISO. ISK and UGX: two there (always 00), none in ISO. HUF and TWD are charged to the
# hundredth and paid out in whole units. IQD and LYD are refused: no source says what their last digit may be.
STRIPE: Final = Currencies(
    "stripe",
    {
        **{code: Rule(2) for code, exponent in EXPONENTS.items() if exponent == 2},
        **_rules("BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF", Rule(0)),
        **_rules("ISK UGX", Rule(2)),
        "MGA": Rule(0, charge=100, payout=100),
        **_rules("HUF TWD", Rule(2, payout=100)),
        **_rules("BHD JOD KWD OMR TND", Rule(3, charge=10, payout=10)),
    },
)
PAYPAL: Final = Currencies(
    "paypal",
    {
        **_rules("AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD", Rule(2)),
        "JPY": Rule(0),
        **_rules("HUF TWD", Rule(0, charge=100, payout=100)),
    },
)
# Ours to define: every currency that we know, as ISO has it.
SANDBOX: Final = Currencies("sandbox", {code: Rule(exponent) for code, exponent in EXPONENTS.items()})
TABLES: Final[Mapping[str, Currencies]] = {table.provider: table for table in (STRIPE, PAYPAL, SANDBOX)}
