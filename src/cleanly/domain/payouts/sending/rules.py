"""What a provider's look at a payout means for ours, what comes next, and why one is held. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, get_args

from cleanly.kernel.money import Money

State = Literal["requested", "held", "sending", "unknown", "in_transit", "paid", "failed", "returned", "canceled"]
STATES: Final[tuple[State, ...]] = get_args(State)
# One of these per seller and currency at a time. Word for word in the table's partial unique index.
OPEN: Final[frozenset[State]] = frozenset({"requested", "held", "sending", "unknown", "in_transit"})
OURS: Final[frozenset[State]] = frozenset({"requested", "held"})
MOVING: Final[frozenset[State]] = frozenset({"sending", "unknown", "in_transit", "paid"})
OVER: Final[frozenset[State]] = frozenset({"failed", "returned", "canceled"})
Ending = Literal["failed", "returned", "canceled"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)
# What is asked of a provider about a payout: each is one call, noted before it is made.
Operation = Literal["transfer", "payout", "reverse_transfer", "cancel_payout"]
OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)
# What the ledger is told, in this order: handed over, arrived, all of it back.
Step = Literal["sent", "paid", "back"]
TheirState = Literal["pending", "in_transit", "paid", "failed", "returned", "canceled"]
ON_ITS_WAY: Final = frozenset({"pending", "in_transit"})


@dataclass(frozen=True, slots=True)
class Known:
    """What our row says, as far as it decides. `is_sent`, `is_paid`: what the ledger was told.

    `ending`: it is to end so; what was handed over has to come back first.
    """

    state: State
    money: Money
    is_two_step: bool
    is_sent: bool = False
    is_paid: bool = False
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class SeenTransfer:
    """The transfer as the provider sees it now."""

    money: Money
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class SeenPayout:
    """The payout as the provider sees it now."""

    money: Money
    state: TheirState
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Both, looked for by our id; None: the provider has no such thing (yet)."""

    transfer: SeenTransfer | None = None
    payout: SeenPayout | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """Where the payout stands now, what the ledger is to be told of it, and what is to be asked next.

    `call` None: nothing, it is the provider's turn, or it is over.
    """

    state: State
    steps: tuple[Step, ...] = ()
    call: Operation | None = None
    ending: Ending | None = None
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Money that is not ours, or left twice: nothing is posted, the alarm rings, a person decides."""

    reason: str


Verdict: TypeAlias = Go | Mismatch


def judge(known: Known, seen: Seen) -> Verdict:
    """The only judgement there is of a payout; total over our states and the provider's."""
    if any(one is not None and one.money != known.money for one in (seen.transfer, seen.payout)):
        return Mismatch("another amount")
    if known.state in OURS or known.state in OVER:
        is_out = _is_out(known, seen)
        return Mismatch("money is out") if is_out else Go(known.state, ending=known.ending)
    return _judge_two_steps(known, seen) if known.is_two_step else _judge_one_step(known, seen)


def _is_out(known: Known, seen: Seen) -> bool:
    """Whether the provider has money on its way of which our row knows nothing, or no more."""
    if known.is_two_step:
        return seen.transfer is not None and not seen.transfer.is_reversed
    return seen.payout is not None and seen.payout.state in {*ON_ITS_WAY, "paid"}


def _judge_two_steps(known: Known, seen: Seen) -> Verdict:
    transfer, payout = seen.transfer, seen.payout
    if transfer is None:
        if payout is not None:
            return Mismatch("a payout without its transfer")
        return _nothing_there(known, "transfer")
    sent: tuple[Step, ...] = () if known.is_sent else ("sent",)
    if transfer.is_reversed:
        return _reversed(known, payout, sent)
    if payout is None:
        call: Operation = "payout" if known.ending is None else "reverse_transfer"
        return Go("paid", sent, ending=known.ending) if known.is_paid else Go("sending", sent, call, known.ending)
    if payout.state in ENDINGS:
        # It lies on the seller's account: it is ours again once the transfer is reversed, and not before.
        return Go(known.state, sent, "reverse_transfer", payout.state, payout.failure_code)
    return _on_its_way(known, payout.state, sent)


def _reversed(known: Known, payout: SeenPayout | None, sent: tuple[Step, ...]) -> Verdict:
    if payout is not None and payout.state in {*ON_ITS_WAY, "paid"}:
        return Mismatch("the transfer was reversed under its payout")
    code = None if payout is None else payout.failure_code
    return _end(known.ending or "failed", code or (None if known.ending else "transfer_reversed"), sent)


def _judge_one_step(known: Known, seen: Seen) -> Verdict:
    payout = seen.payout
    if payout is None:
        return _nothing_there(known, "payout")
    sent: tuple[Step, ...] = () if known.is_sent else ("sent",)
    if payout.state in ENDINGS:
        return _end(payout.state, payout.failure_code, sent)
    return _on_its_way(known, payout.state, sent)


def _nothing_there(known: Known, first: Operation) -> Verdict:
    """Not there proves nothing by itself: what was asked without an answer is asked again under its key."""
    if known.is_sent:
        return Go(known.state, ending=known.ending)
    if known.ending is not None:
        return _end(known.ending, None, ())
    return Go("unknown" if known.state == "unknown" else "sending", call=first)


def _on_its_way(known: Known, theirs: TheirState, sent: tuple[Step, ...]) -> Go:
    if known.is_paid:
        return Go("paid", sent)
    if theirs == "paid":
        return Go("paid", (*sent, "paid"))
    return Go("in_transit", sent)


def _end(ending: Ending, code: str | None, sent: tuple[Step, ...]) -> Go:
    return Go(ending, (*sent, "back"), None, ending, code)


def answered(operation: str, seen: Seen) -> Literal["succeeded"] | None:
    """What a look says about a call without an answer; None: nothing, it may be made again under its key."""
    match operation:
        case "transfer":
            return "succeeded" if seen.transfer is not None else None
        case "payout":
            return "succeeded" if seen.payout is not None else None
        case "reverse_transfer":
            return "succeeded" if seen.transfer is not None and seen.transfer.is_reversed else None
        case "cancel_payout":
            return "succeeded" if seen.payout is not None and seen.payout.state in ENDINGS else None
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a seller when a payout is asked for. `since_change`: since the destination was changed."""

    was_paid_there: bool
    since_change: timedelta | None
    requested_lately: int
    owes: int
    sales: int
    disputes: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Above these a person looks first; `amount` 0: whatever the amount."""

    amount: int
    requests_a_day: int
    dispute_basis_points: int
    sales_min: int
    cooling: timedelta
    first_is_reviewed: bool


Reason = Literal["first_payout", "destination_changed", "velocity", "amount", "open_receivable", "dispute_rate"]
VELOCITY_WINDOW: Final = timedelta(hours=24)
DISPUTE_WINDOW: Final = timedelta(days=90)


def reasons(past: Past, amount: int, limits: Limits) -> tuple[Reason, ...]:
    """Why this payout is held; none: it goes at once."""
    found: list[Reason] = []
    if limits.first_is_reviewed and not past.was_paid_there:
        found.append("first_payout")
    if past.since_change is not None and past.since_change < limits.cooling:
        found.append("destination_changed")
    if past.requested_lately >= limits.requests_a_day:
        found.append("velocity")
    if limits.amount and amount > limits.amount:
        found.append("amount")
    if past.owes > 0:
        found.append("open_receivable")
    if past.sales >= limits.sales_min and past.disputes * 10_000 > past.sales * limits.dispute_basis_points:
        found.append("dispute_rate")
    return tuple(found)


def cools_until(
    why: Sequence[str], *, since_change: timedelta | None, cooling: timedelta, now: datetime
) -> datetime | None:
    """When a hold ends by itself: only where waiting is all that is missing."""
    if list(why) != ["destination_changed"] or since_change is None:
        return None
    return now + cooling - since_change


# When a payout in doubt or on its way is looked at again, by how often it was looked at.
_UNKNOWN: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1))
_DAILY: Final = timedelta(days=1)
CALL_TIME: Final = timedelta(seconds=60)
SHORT_WAIT: Final = timedelta(hours=1)
STOPPED_WAIT: Final = timedelta(minutes=10)
# After it has arrived a provider may still take it back; news may be lost.
PAID_WATCHED: Final = timedelta(days=30)
PATIENCE: Final = timedelta(days=10)


def next_check(state: State, checks: int, *, now: datetime, paid_at: datetime | None) -> datetime | None:
    """When the janitor looks again; None: never by itself."""
    if state in {"sending", "unknown"}:
        return now + (_UNKNOWN[checks] if checks < len(_UNKNOWN) else _DAILY)
    if state == "in_transit":
        return now + (timedelta(hours=6) if checks < 1 else _DAILY)
    if state == "paid" and paid_at is not None and now < paid_at + PAID_WATCHED:
        return now + _DAILY
    if state == "requested":
        return now + CALL_TIME
    return None
