"""What the sandbox decides: fates by amount, fees, when news goes out, what a repeated key means. Pure."""

from datetime import datetime, timedelta
from enum import Enum, IntEnum, auto
from typing import Final

KEY_KEPT: Final = timedelta(hours=24)
MISS_KEPT: Final = timedelta(days=365)  # a call that is lost once is not lost again because it was long ago
KEY_RUNNING_MAX: Final = timedelta(seconds=60)  # then whoever ran it is taken for dead
PROCESSING: Final = timedelta(days=2)
AUTHORIZED: Final = timedelta(days=7)
AVAILABLE_AFTER: Final = timedelta(days=2)
DISPUTED_AFTER: Final = timedelta(days=1)
DISPUTE_DECIDED_AFTER: Final = timedelta(days=7)
REFUND_FAILS_AFTER: Final = timedelta(days=1)
DASHBOARD_AFTER: Final = timedelta(days=1)
NEWS_HELD: Final = timedelta(seconds=60)
DISPUTE_FEE: Final = 1500
PAYOUT_ARRIVES: Final = timedelta(days=2)
PAID_FAILS_AFTER: Final = timedelta(days=3)
UNCLAIMED_RETURNS: Final = timedelta(days=30)
BALANCE_INSUFFICIENT: Final = "balance_insufficient"
INCOMPLETE: Final = timedelta(hours=24)
# After its first failure a renewal is tried again so much later each time; after the last it is unpaid.
RENEWED_AGAIN_AFTER: Final = (timedelta(days=3), timedelta(days=2), timedelta(days=2))
PUSHES_MAX: Final = 16
_PUSH_PAUSE_MAX: Final = timedelta(hours=1)


class Fate(IntEnum):
    """What becomes of a payment or payout: the last two digits of its amount, or what a test has scripted."""

    PLAIN = 0
    DECLINED = 1
    INSUFFICIENT_FUNDS = 2
    ASKS_BUYER = 3
    PROCESSING_THEN_CAPTURED = 4
    PROCESSING_THEN_FAILED = 5
    TIMEOUT_BEFORE = 6
    TIMEOUT_AFTER = 7
    FAULT_AFTER = 8
    BUSY = 9
    EVENTS_TWICE = 10
    EVENTS_REVERSED = 11
    EVENTS_LOST = 12
    EVENT_FIRST = 13
    DISPUTE_LOST = 20
    DISPUTE_WON = 21
    DISPUTE_FIRST = 22
    REFUND_FAILS = 30
    REFUNDED_TWICE = 31
    PAYOUT_FAILS = 40
    PAYOUT_PAID_THEN_FAILS = 41
    PAYOUT_UNCLAIMED = 42
    ACCOUNT_LOSES_PAYOUTS = 43
    NOT_YET = 44
    RENEWAL_FAILS_ONCE = 50
    RENEWAL_FAILS = 51
    OTHER_AMOUNT = 60


_FATES: Final = {int(fate): fate for fate in Fate}
DECLINES: Final = {Fate.DECLINED: "generic_decline", Fate.INSUFFICIENT_FUNDS: "insufficient_funds"}


def fate_of(amount: int) -> Fate:
    """The fate that an amount of minor units asks for."""
    return _FATES.get(amount % 100, Fate.PLAIN)


def fee_of(amount: int) -> int:
    """What a charge costs: 2.9 % and 30 minor units, never more than the charge."""
    return min(amount, amount * 29 // 1000 + 30)


class Keyed(Enum):
    """What a call under a key meets."""

    FIRST = auto()
    AFTER_MISS = auto()  # the call before it never arrived
    MISMATCH = auto()
    RUNNING = auto()
    REPLAY = auto()


def judge_key(state: str, *, is_same: bool, age: timedelta) -> Keyed:
    """What a key that was seen before means; `age`: since its first call began."""
    if state == "missed":
        return Keyed.AFTER_MISS
    if age >= KEY_KEPT:
        return Keyed.FIRST
    if not is_same:
        return Keyed.MISMATCH
    if state == "done":
        return Keyed.REPLAY
    return Keyed.RUNNING if age < KEY_RUNNING_MAX else Keyed.AFTER_MISS


def push_at(fate: Fate, kind: str, *, earlier: int, now: datetime) -> datetime | None:
    """When an event is pushed; `earlier`: how many the payment has had before. None: never, it is only listed."""
    match fate:
        case Fate.EVENTS_LOST:
            return None
        case Fate.EVENTS_REVERSED:
            # Each a second before the one before it: held together, they go out in reverse.
            return now + max(NEWS_HELD - timedelta(seconds=earlier), timedelta(0))
        case Fate.DISPUTE_FIRST if kind == "payment":
            return now + NEWS_HELD
        case _:
            return now


def push_again_at(attempts: int, *, now: datetime) -> datetime | None:
    """When an event that found no ear is pushed again, after so many tries; None: given up."""
    if attempts >= PUSHES_MAX:
        return None
    return now + min(timedelta(minutes=1 << (attempts - 1)), _PUSH_PAUSE_MAX)
