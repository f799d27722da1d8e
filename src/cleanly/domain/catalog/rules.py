"""What a product and a price may be, and what a sale costs its seller. Pure."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from cleanly.kernel.money import AMOUNT_MAX, EXPONENTS, Money
from cleanly.kernel.principal import Caller

Kind = Literal["physical", "digital", "service"]
Status = Literal["active", "archived"]
PriceType = Literal["one_time", "recurring"]
Interval = Literal["day", "week", "month", "year"]

NAME_LENGTH_MAX = 200
DESCRIPTION_LENGTH_MAX = 5000
IMAGES_MAX = 8
GROUP_LENGTH_MAX = 100
QUANTITY_MAX = 999
# The largest quantity of the dearest price is still an amount that Money holds.
UNIT_AMOUNT_MAX = 10**12
TRIAL_DAYS_MAX = 730
ACCESS_DAYS_MAX = 3650
# A period of more than a year is refused by one provider or another.
INTERVAL_COUNT_MAX: Mapping[Interval, int] = {"day": 365, "week": 52, "month": 12, "year": 1}
# What a page shows of one product and of one group of plans is bounded by these.
PRICES_PER_PRODUCT_MAX = 20
PLANS_PER_GROUP_MAX = 50
BASIS_POINTS_MAX = 10_000

if UNIT_AMOUNT_MAX * QUANTITY_MAX > AMOUNT_MAX:
    raise AssertionError("the dearest order does not fit into Money")


def normal_name(text: str, *, length_max: int = NAME_LENGTH_MAX) -> str:
    """A product's or a group's name: NFC, blanks trimmed and folded.

    Raises:
        ValueError: empty, too long, or with control characters.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise ValueError("it is empty")
    if len(name) > length_max:
        raise ValueError(f"it is longer than {length_max} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co"} for character in name):
        raise ValueError("it holds a control character")
    return name


def normal_description(text: str) -> str:
    """Plain text of several lines: NFC, line ends as LF, blanks around it trimmed.

    Raises:
        ValueError: too long, or a control character other than a tab or a line's end.
    """
    described = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(described) > DESCRIPTION_LENGTH_MAX:
        raise ValueError(f"it is longer than {DESCRIPTION_LENGTH_MAX} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co"} for character in described if character not in "\n\t"):
        raise ValueError("it holds a control character")
    return described


def known_currency(text: str) -> str:
    """An ISO 4217 code in capitals.

    Raises:
        ValueError: none that we know.
    """
    if text not in EXPONENTS:
        raise ValueError("it is not an ISO 4217 code that we know")
    return text


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a field is refused, as VALIDATION_ERROR tells it."""

    field: str
    reason: str
    message: str


def fault_of_terms(
    type_: PriceType,
    *,
    interval: Interval | None,
    interval_count: int | None,
    trial_days: int | None,
    plan_group: str | None,
) -> Fault | None:
    """What is wrong with the terms of a price, if anything."""
    if type_ == "one_time":
        told = {"interval": interval, "intervalCount": interval_count, "trialDays": trial_days, "planGroup": plan_group}
        for field, value in told.items():
            if value is not None:
                return Fault(field, "not_allowed", "It belongs to a recurring price only")
        return None
    if interval is None:
        return Fault("interval", "missing", "A recurring price needs an interval")
    if plan_group is None:
        return Fault("planGroup", "missing", "A recurring price needs a plan group")
    if interval_count is not None and interval_count > INTERVAL_COUNT_MAX[interval]:
        return Fault("intervalCount", "too_large", "A period is a year at most")
    return None


def fault_of_access(type_: PriceType, kind: Kind, access_days: int | None) -> Fault | None:
    """What is wrong with how long a purchase may be used, if anything."""
    if access_days is not None and (type_ != "one_time" or kind != "digital"):
        return Fault("accessDays", "not_allowed", "It belongs to something digital that is bought once")
    return None


class ChargeTable(Protocol):
    """What one enabled provider can charge."""

    @property
    def provider(self) -> str:
        """Its name."""
        ...

    def supports(self, currency: str) -> bool:
        """Whether it can charge this currency at all."""
        ...

    def charges(self, money: Money) -> bool:
        """Whether it can charge exactly this."""
        ...


def why_not_chargeable(money: Money, tables: Iterable[ChargeTable]) -> str | None:
    """Why a price would disappoint at the till, if it would.

    A provider that lacks the currency is no obstacle as long as another has it: the buyer is offered that one.
    """
    every = list(tables)
    having = [table for table in every if table.supports(money.currency)]
    if every and not having:
        return f"No payment provider here charges {money.currency}"
    unable = [table.provider for table in having if not table.charges(money)]
    if unable:
        return f"{' and '.join(unable)} can't charge exactly {money.decimal()} {money.currency}"
    return None


def may_write(caller: Caller, seller_id: UUID | None) -> bool:
    """Sellers write their own products, an admin the platform's (no seller) and anybody's."""
    return caller.is_admin or caller.user_id == seller_id


@dataclass(frozen=True, slots=True)
class Fee:
    """The platform's share of a sale: basis points of the net, and a fixed part in minor units of the currency."""

    basis_points: int
    fixed: int


# The platform sells its own products whole.
NO_FEE = Fee(0, 0)


def fixed_fees(words: Sequence[str]) -> dict[str, int]:
    """Read `EUR:30` for each currency.

    Raises:
        ValueError: not of that form, a currency that we don't know, or one named twice.
    """
    found: dict[str, int] = {}
    for word in words:
        currency, _, amount = word.partition(":")
        if currency not in EXPONENTS or not (amount.isascii() and amount.isdigit()) or int(amount) > UNIT_AMOUNT_MAX:
            raise ValueError("write the fixed fee as EUR:30, one for each currency, in minor units")
        if currency in found:
            raise ValueError(f"{currency} is named twice")
        found[currency] = int(amount)
    return found
