"""What a provider's look at a payment means for ours, and how its money is split. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol import PaymentSnapshot, PaymentState

State = Literal["created", "requires_action", "processing", "authorized", "captured", "unknown", "failed", "canceled"]
WAITING: frozenset[State] = frozenset({"created", "requires_action", "processing", "authorized", "unknown"})
OVER: frozenset[State] = frozenset({"failed", "canceled"})
# What is asked of a provider about a payment: each is one call, noted before it is made. `capture` takes an authorized
# payment, or completes one that the buyer has approved; `authorize` completes one that is to be captured by hand.
Operation = Literal["create", "capture", "authorize", "cancel", "give_back"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)


@dataclass(frozen=True, slots=True)
class Known:
    """What our row says, as far as it decides."""

    state: State
    money: Money
    captured: int


@dataclass(frozen=True, slots=True)
class Same:
    """Nothing new."""


@dataclass(frozen=True, slots=True)
class Move:
    """Another state, no money."""

    state: PaymentState
    decline_code: str | None


@dataclass(frozen=True, slots=True)
class Capture:
    """The money is ours to book. `is_late`: we had given the payment up; somebody must decide what to do with it."""

    amount: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class CancelAgain:
    """Authorized at the provider after we gave it up: no money moved yet, so give the authorization back."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Another amount or currency than ours: post nothing, ring the alarm, a person decides."""


Verdict: TypeAlias = Same | Move | Capture | CancelAgain | Mismatch


def judge(known: Known, seen: PaymentSnapshot) -> Verdict:
    """The only judgement there is of a payment; total over our states and the provider's."""
    if seen.money != known.money or not 0 <= seen.captured <= known.money.amount:
        return Mismatch()
    if known.state == "captured":
        return Mismatch() if seen.state == "captured" and seen.captured != known.captured else Same()
    if seen.state == "captured":
        return Capture(seen.captured, is_late=known.state in OVER) if seen.captured > 0 else Mismatch()
    if known.state in OVER:
        return CancelAgain() if seen.state == "authorized" else Same()
    if seen.state == known.state and seen.state != "requires_action":
        return Same()
    return Move(seen.state, seen.decline_code)


_SHOWS: dict[PaymentState, frozenset[str]] = {
    "requires_action": frozenset({"create"}),
    "processing": frozenset({"create", "authorize", "capture"}),
    "authorized": frozenset({"create", "authorize"}),
    "captured": frozenset({"create", "authorize", "capture"}),
    "canceled": frozenset({"create", "cancel", "give_back"}),
    "failed": frozenset(),
}


def answered(operation: str, seen: PaymentState) -> Literal["succeeded", "refused"] | None:
    """What a look says about a call without an answer; None: nothing, it may be made again under its key."""
    if operation in _SHOWS[seen]:
        return "succeeded"
    return "refused" if seen in {"captured", "canceled", "failed"} else None


@dataclass(frozen=True, slots=True)
class Shares:
    """Who gets what of an amount: the seller (or the platform's own sales), the platform's fee, the tax."""

    seller: int
    fee: int
    tax: int

    @property
    def total(self) -> int:
        """The whole."""
        return self.seller + self.fee + self.tax

    def __add__(self, other: "Shares") -> "Shares":
        return Shares(self.seller + other.seller, self.fee + other.fee, self.tax + other.tax)

    def __sub__(self, other: "Shares") -> "Shares":
        return Shares(self.seller - other.seller, self.fee - other.fee, self.tax - other.tax)


def split_sale(total: Money, *, tax: int, fee_basis_points: int, fee_fixed: int) -> Shares:
    """The split at the sale: tax first, then the fee in basis points of the net plus a fixed part, capped at the net.

    Raises:
        ValueError: more tax than money, or basis points outside 0 to 10,000.
    """
    if not 0 <= tax <= total.amount or not 0 <= fee_basis_points <= 10_000 or fee_fixed < 0:
        raise ValueError("tax and fee must fit into the amount")
    net = Money(total.amount - tax, total.currency)
    _, part = net.allocate((10_000 - fee_basis_points, fee_basis_points))
    fee = min(net.amount, part.amount + fee_fixed)
    return Shares(seller=net.amount - fee, fee=fee, tax=tax)


def take_part(left: Shares, amount: int, currency: str) -> Shares:
    """A part of what is left of each share: never below zero, and the last part takes exactly the rest.

    Raises:
        ValueError: more than is left.
    """
    if not 0 < amount <= left.total:
        raise ValueError("a part is positive and at most what is left")
    seller, fee, tax = Money(amount, currency).allocate((left.seller, left.fee, left.tax))
    return Shares(seller.amount, fee.amount, tax.amount)


def take_at_most(left: Shares, amount: int, currency: str) -> Shares:
    """As `take_part`, of as much of the amount as the shares still hold."""
    covered = min(amount, left.total)
    return take_part(left, covered, currency) if covered > 0 else Shares(0, 0, 0)


@dataclass(frozen=True, slots=True)
class SellersPart:
    """Where a seller's part of a refund or dispute comes from, or goes back to."""

    pending: int
    available: int
    reserve: int
    receivable: int


def taken_from_seller(part: int, *, hold_left: int, available: int, reserve: int) -> SellersPart:
    """From this payment's own hold, then available, then reserve, then owed. Never from another payment's hold."""
    pending = min(part, hold_left)
    from_available = min(part - pending, max(0, available))
    from_reserve = min(part - pending - from_available, max(0, reserve))
    return SellersPart(pending, from_available, from_reserve, part - pending - from_available - from_reserve)


def given_to_seller(part: int, *, owed: int) -> tuple[int, int]:
    """Money coming back to a seller pays what is owed first; the rest is available. Returns (receivable, available)."""
    paid = min(part, max(0, owed))
    return paid, part - paid


# When to look again at a payment in doubt or in waiting, by how often it was looked at (MONEY 2.3).
_UNKNOWN = (timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), *(timedelta(days=1),) * 5)
_PROCESSING = (timedelta(hours=1),)
ACTION_TIME = timedelta(hours=24)
_AUTHORIZED_EARLY = timedelta(days=1)
AUTHORIZED_DEFAULT = timedelta(days=7)
CALL_TIME = timedelta(seconds=60)
COMPLETE_AGAIN_AFTER = timedelta(seconds=15)


def next_try(started_at: datetime, *, asked_at: datetime) -> datetime | None:
    """When a call without an answer is made again, by its age when it was last made; None: it is a person's by now."""
    at = started_at
    for pause in _UNKNOWN:
        at += pause
        if at > asked_at:
            return at
    return None


def next_look(checks: int, *, now: datetime) -> datetime:
    """When to look again at what the provider shows to nobody, after so many looks: ever more rarely, then daily."""
    return now + _UNKNOWN[min(checks, len(_UNKNOWN) - 1)]


def next_check(
    state: State, checks: int, *, now: datetime, created_at: datetime, authorized_until: datetime | None
) -> datetime | None:
    """When the janitor looks again; None: never by itself (over, or a person's by now)."""
    if state == "created":
        return now + CALL_TIME
    if state == "unknown":
        return now + _UNKNOWN[checks] if checks < len(_UNKNOWN) else None
    if state == "processing":
        return now + (_PROCESSING[checks] if checks < len(_PROCESSING) else timedelta(days=1))
    if state == "requires_action":
        return max(created_at + ACTION_TIME, now + timedelta(minutes=5))
    if state == "authorized":
        return max((authorized_until or created_at + AUTHORIZED_DEFAULT) - _AUTHORIZED_EARLY, now + timedelta(hours=1))
    return None
