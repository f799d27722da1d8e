"""Money: an integer of the currency's minor unit, and nothing else. No float ever touches an amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

# ISO 4217 list one: the currencies whose minor unit is not a hundredth. All others in CURRENCIES have two decimals.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_HUNDREDTHS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
    "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD "
    "KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW"
)
EXPONENTS: dict[str, int] = {**dict.fromkeys(_HUNDREDTHS.split(), 2), **_EXPONENTS}
AMOUNT_MAX = 10**15  # far below bigint's end, so that sums in the ledger can't overflow


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in minor units of an ISO 4217 `currency`: 1250 EUR is 12.50 EUR, 1250 JPY is 1250 JPY."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("an amount is an integer of minor units")
        if self.currency not in EXPONENTS:
            raise ValueError(f"{self.currency!r} is not a currency that we know")
        if abs(self.amount) > AMOUNT_MAX:
            raise ValueError("the amount is too large")

    @property
    def exponent(self) -> int:
        """Decimals of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD."""
        return EXPONENTS[self.currency]

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def times(self, quantity: int) -> "Money":
        """This much, so often."""
        return Money(self.amount * quantity, self.currency)

    def allocate(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Split by weights without losing a minor unit: largest remainder, ties to the earlier share.

        Raises:
            ValueError: no weights, a negative one, or all zero; or the amount is negative.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights are not negative, and at least one is positive")
        if self.amount < 0:
            raise ValueError("a negative amount is not split: split the positive one")
        shares = [self.amount * weight // total for weight in weights]
        remainders = [self.amount * weight % total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
        for index in by_remainder[: self.amount - sum(shares)]:
            shares[index] += 1
        return tuple(Money(share, self.currency) for share in shares)

    def decimal(self) -> str:
        """In major units as text: `12.50`, `1250`, `1.250`. For people and for providers that want it so."""
        if self.exponent == 0:
            return str(self.amount)
        sign, digits = ("-" if self.amount < 0 else ""), str(abs(self.amount)).rjust(self.exponent + 1, "0")
        return f"{sign}{digits[: -self.exponent]}.{digits[-self.exponent :]}"

    @classmethod
    def from_decimal(cls, text: str, currency: str) -> Self:
        """Undo `decimal`, exactly.

        Raises:
            ValueError: not a plain decimal, or finer than the minor unit.
        """
        exponent = EXPONENTS.get(currency)
        if exponent is None:
            raise ValueError(f"{currency!r} is not a currency that we know")
        sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text)
        whole, dot, fraction = rest.partition(".")
        if not (whole.isascii() and whole.isdigit()) or (dot and not (fraction.isascii() and fraction.isdigit())):
            raise ValueError("not a decimal amount")
        kept, lost = fraction[:exponent].ljust(exponent, "0"), fraction[exponent:]
        if lost.strip("0"):
            raise ValueError("finer than the currency's minor unit")
        return cls(sign * int(whole + kept), currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} don't add up")
        return other.amount
