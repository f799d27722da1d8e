"""Which line of theirs belongs to which transaction of ours, and what the rest means. Pure.

Equal amounts pair first. What is left pairs with another amount, then with another currency: one difference each,
not two. What then stands alone is a copy of something that has its partner, or the other side misses it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from cleanly.domain.ledger.chart import BANK, DISPUTE_FEES, FX, PROVIDER_FEES, Account

ItemKind = Literal["missing_local", "missing_provider", "amount", "currency", "duplicate", "balance"]
ITEM_KINDS: tuple[ItemKind, ...] = get_args(ItemKind)
PairKind = Literal["matched", "amount", "currency"]
OVERLAP = timedelta(days=3)
FIRST_IMPORT = timedelta(days=31)
# News of it may still be under way: the webhook, its repeats, the janitor.
LOCAL_GRACE = timedelta(hours=1)
PROVIDER_GRACE = timedelta(days=3)
# Lines come late, and money moves while we count: only what stays different is an alarm.
BALANCE_GRACE = timedelta(hours=24)
_DISPUTES = {"dispute", "dispute_reversal", "dispute_fee"}
_ALL_COST = {"fee", "dispute_fee"}
# Inside the provider: what is withheld is still held.
HOLD = "hold"
# Booked from the line itself: nothing of ours came before it.
_ONLY_THEIRS = _ALL_COST | {"payout", "conversion", HOLD}


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of an object's money, on either side: `key` names it there.

    `is_open`: it has no partner yet. `is_due`: it has been without one for long enough to say so.
    """

    id: UUID
    key: str
    amount: int
    currency: str
    is_open: bool
    is_due: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of theirs and a transaction of ours that belong together."""

    kind: PairKind
    theirs: Line
    ours: Line


@dataclass(frozen=True, slots=True)
class Alone:
    """A line without a partner."""

    kind: Literal["missing_local", "missing_provider", "duplicate"]
    side: Literal["theirs", "ours"]
    line: Line


@dataclass(frozen=True, slots=True)
class Leg:
    """What a line moves besides its cost: `amount` is debited to `account`, and credited to clearing, in `currency`."""

    step: str
    account: Account
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the open lines of one object; those that are not mentioned wait."""

    pairs: tuple[Pair, ...]
    alone: tuple[Alone, ...]


def since(imported_until: datetime | None, oldest_of_ours: datetime | None, *, now: datetime) -> datetime:
    """From when to read. The first time: from before our books speak of this provider."""
    if imported_until is not None:
        return imported_until - OVERLAP
    begun = now - FIRST_IMPORT
    return begun if oldest_of_ours is None else min(begun, oldest_of_ours - OVERLAP)


def judge(theirs: Sequence[Line], ours: Sequence[Line]) -> Verdict:
    """Hold both sides of one object against each other; lines in the order of time."""
    open_theirs = [line for line in theirs if line.is_open]
    open_ours = [line for line in ours if line.is_open]
    pairs = [
        *_pair("matched", open_theirs, open_ours, _is_equal),
        *_pair("amount", open_theirs, open_ours, _differs_in_amount),
        *_pair("currency", open_theirs, open_ours, _differs_in_currency),
    ]
    alone: list[Alone] = []
    for line in (line for line in open_theirs if line.is_due):
        has_twin = _has_twin(line, theirs, open_theirs)
        alone.append(Alone("duplicate" if has_twin else "missing_local", "theirs", line))
    for line in (line for line in open_ours if line.is_due):
        has_twin = _has_twin(line, ours, open_ours)
        alone.append(Alone("duplicate" if has_twin else "missing_provider", "ours", line))
    return Verdict(tuple(pairs), tuple(alone))


def _pair(kind: PairKind, theirs: list[Line], ours: list[Line], fits: Callable[[Line, Line], bool]) -> list[Pair]:
    """Take from both lists what fits, first come first served."""
    found: list[Pair] = []
    for line in list(theirs):
        partner = next((other for other in ours if fits(line, other)), None)
        if partner is not None:
            theirs.remove(line)
            ours.remove(partner)
            found.append(Pair(kind, line, partner))
    return found


def _is_equal(one: Line, other: Line) -> bool:
    return (one.amount, one.currency) == (other.amount, other.currency)


def _differs_in_amount(one: Line, other: Line) -> bool:
    return one.currency == other.currency and _same_direction(one, other)


def _differs_in_currency(one: Line, other: Line) -> bool:
    return one.currency != other.currency and _same_direction(one, other)


def _same_direction(one: Line, other: Line) -> bool:
    return (one.amount > 0) == (other.amount > 0)


def _has_twin(line: Line, side: Sequence[Line], alone: Sequence[Line]) -> bool:
    return any(_is_equal(line, other) for other in side if other.id != line.id and other not in alone)


def needs_partner(kind: str, gross: int) -> bool:
    """Whether a transaction of ours must stand behind a line of theirs."""
    return gross != 0 and kind not in _ONLY_THEIRS


def cost(kind: str, *, gross: int, fee: int) -> int:
    """What the provider takes for itself with a line; negative: it gives back. A line of kind fee is all cost."""
    return fee - gross if kind in _ALL_COST else fee


def cost_account(kind: str) -> Account:
    """Where a line's cost is booked."""
    return DISPUTE_FEES if kind in _DISPUTES else PROVIDER_FEES


def legs(kind: str, *, gross: int, currency: str, original: int, original_currency: str | None) -> tuple[Leg, ...]:
    """What a line moves besides its cost: to or from our bank, or between currencies.

    A line that was converted was booked by us in the currency before: so much leaves there, the gross comes in here.
    """
    if kind == "payout":
        return (Leg("payout", BANK, -gross, currency),) if gross else ()
    if kind == "conversion":
        return _conversion((gross, currency))
    if original_currency is not None:
        return _conversion((-original, original_currency), (gross, currency))
    return ()


def _conversion(*sides: tuple[int, str]) -> tuple[Leg, ...]:
    return tuple(
        Leg("fx_in" if amount > 0 else "fx_out", FX, -amount, currency) for amount, currency in sides if amount
    )


def difference(before: int, after: int, *, ours: int) -> int:
    """What a provider holds less what our books say, of two looks with the reading of its lines between them.

    Money that moved meanwhile lies between the two looks: it is no difference.
    """
    if min(before, after) <= ours <= max(before, after):
        return 0
    return min(before - ours, after - ours, key=abs)


def differs_since(was: int, since: datetime | None, difference: int, *, now: datetime) -> datetime | None:
    """Since when a balance differs in this direction; None if it does not."""
    if not difference:
        return None
    return since if since is not None and (was > 0) == (difference > 0) else now


def is_missing_due(created_at: datetime, imported_at: datetime, *, now: datetime) -> bool:
    """Whether our side of a line of theirs should be here by now. A provider's clock may run ahead of ours."""
    return now - min(created_at, imported_at) >= LOCAL_GRACE
