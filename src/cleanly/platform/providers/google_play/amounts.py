"""Google's amounts in ours: whole units as text and billionths as a number become minor units, exactly. Pure.

Source: https://developers.google.com/android-publisher/api-ref/rest/v3/Money
"""

import re
from typing import Final, cast

from cleanly.kernel.money import EXPONENTS, Money
from cleanly.platform.providers.currencies import NotExact
from cleanly.platform.providers.reading import Json

_UNITS: Final = re.compile(r"-?[0-9]{1,18}")
_NANOS_PER_UNIT: Final = 10**9


def money(it: Json) -> Money:
    """An amount. What is left out is zero.

    Raises:
        NotExact: a currency that we do not know, an amount finer than its minor unit, or no amount.
    """
    currency, units, nanos = it.get("currencyCode"), it.get("units", "0"), it.get("nanos", 0)
    if not isinstance(currency, str) or currency not in EXPONENTS:
        raise NotExact(f"{str(currency)[:10]!r} is not a currency that we know")
    if not isinstance(units, str) or not _UNITS.fullmatch(units) or type(nanos) is not int:
        raise NotExact("not an amount")
    whole = int(units)
    if abs(nanos) >= _NANOS_PER_UNIT or (whole > 0 > nanos) or (whole < 0 < nanos):
        raise NotExact("units and billionths do not go together")
    per_minor = 10 ** (9 - EXPONENTS[currency])
    amount, finer = divmod(whole * _NANOS_PER_UNIT + nanos, per_minor)
    if finer:
        raise NotExact("finer than the smallest unit")
    try:
        return Money(amount, currency)
    except ValueError as error:
        raise NotExact(str(error)) from error


def price(it: object) -> Money | None:
    """An amount that is only shown: None where there is none, or none that we can say exactly.

    What was bought must not hang on it: the money is Google's to count.
    """
    if not isinstance(it, dict):
        return None
    try:
        return money(cast("Json", it))
    except NotExact:
        return None
