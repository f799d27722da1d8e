"""Money: an integer of the currency's minor unit. No float ever touches an amount."""

from dataclasses import dataclass
from typing import Self

# ISO 4217: the currencies whose minor unit is no hundredth.
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = {**dict.fromkeys(_NONE.split(), 0), **dict.fromkeys(_THOUSANDTHS.split(), 3)}
_USUAL = 2


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in minor units of an ISO 4217 `currency`: 1250 EUR is 12.50 EUR, 1250 JPY is 1250 JPY."""

    amount: int
    currency: str

    @property
    def exponent(self) -> int:
        """Decimals of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD."""
        return _EXPONENTS.get(self.currency, _USUAL)

    def decimal(self) -> str:
        """In major units as text, for people: `12.50`, `1250`, `1.250`."""
        sign, exponent = ("-" if self.amount < 0 else ""), self.exponent
        if exponent == 0:
            return str(self.amount)
        digits = str(abs(self.amount)).rjust(exponent + 1, "0")
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"

    @classmethod
    def from_decimal(cls, text: str, currency: str) -> Self:
        """Undo `decimal`, exactly.

        Raises:
            ValueError: not a plain decimal, or finer than the minor unit.
        """
        exponent = _EXPONENTS.get(currency, _USUAL)
        whole, dot, fraction = text.removeprefix("-").partition(".")
        if not (whole.isascii() and whole.isdigit()) or (dot and not (fraction.isascii() and fraction.isdigit())):
            raise ValueError(f"not a decimal amount: {text!r}")
        if fraction[exponent:].strip("0"):
            raise ValueError(f"finer than the minor unit of {currency}: {text!r}")
        amount = int(whole + fraction[:exponent].ljust(exponent, "0"))
        return cls(-amount if text.startswith("-") else amount, currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} don't add up")
        return other.amount
