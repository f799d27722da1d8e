"""What a provider's look at a subscription means for ours. Pure.

A fold, not a machine of steps: the new facts come from what the provider says now and from what ours alone knows (that
it is over, how long the grace lasts), so neither the order of news nor its repetition matters.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from cleanly.platform.providers.billing import SubscriptionSnapshot
from cleanly.platform.providers.purchases import SubscriptionState

State: TypeAlias = SubscriptionState
EndState = Literal["canceled", "expired"]
ENDED: frozenset[State] = frozenset({"canceled", "expired"})
ENTITLED: frozenset[State] = frozenset({"trialing", "active", "past_due"})
INCOMPLETE_TIME = timedelta(hours=24)
CALL_TIME = timedelta(seconds=60)
PUT_OFF = timedelta(minutes=5)
# A renewal whose news is lost is found so long after it was due.
MISSED_AFTER = timedelta(hours=1)
REMINDED_AFTER = (timedelta(0), timedelta(days=3), timedelta(days=6))
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a row says, as far as a look may change it."""

    state: State
    price_id: UUID
    period_start: datetime | None = None
    period_end: datetime | None = None
    paid_until: datetime | None = None
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    pending_price_id: UUID | None = None
    grace_until: datetime | None = None
    resumes_at: datetime | None = None
    ended_at: datetime | None = None
    decline_code: str | None = None


def fold(known: Facts, seen: SubscriptionSnapshot, *, now: datetime, grace: timedelta) -> Facts:
    """The only judgement there is; total over our states and the provider's. What is over here stays over."""
    if known.state in ENDED:
        return known
    state = seen.state
    grace_until = None
    if state == "past_due":
        grace_until = seen.grace_until or (seen.paid_until or seen.period_start or now) + grace
        # The provider may try for longer than we bear.
        state = "unpaid" if now >= grace_until else state
    return Facts(
        state=state,
        price_id=seen.price_id,
        period_start=seen.period_start,
        period_end=seen.period_end,
        paid_until=seen.paid_until,
        trial_end=seen.trial_end,
        cancel_at_period_end=seen.cancel_at_period_end and state not in ENDED,
        pending_price_id=None if state in ENDED else seen.pending_price_id,
        grace_until=grace_until,
        resumes_at=seen.resumes_at,
        ended_at=(seen.ended_at or now) if state in ENDED else None,
        decline_code=seen.decline_code if state in {"past_due", "unpaid", "incomplete"} else None,
    )


def end(known: Facts, state: EndState, *, at: datetime) -> Facts:
    """Over, by our own word."""
    if known.state in ENDED:
        return known
    return replace(known, state=state, ended_at=at, cancel_at_period_end=False, pending_price_id=None, grace_until=None)


def lives_after_its_end(known: Facts, seen: SubscriptionSnapshot) -> bool:
    """Whether the provider goes on with what is over here: it must be told, or it bills on."""
    return known.state in ENDED and seen.state not in ENDED and not seen.cancel_at_period_end


def entitled_until(facts: Facts, *, grace: timedelta) -> datetime | None:
    """Until when it entitles; None: it does not. What renews includes the grace, so that no late news locks out."""
    if facts.state not in ENTITLED or facts.paid_until is None:
        return None
    if facts.grace_until is not None:
        return facts.grace_until
    return facts.paid_until if facts.cancel_at_period_end else facts.paid_until + grace


def periods_begun(before: Facts, after: Facts, *, booked: int, bills_here: bool) -> int:
    """How many whole periods were paid since the last look, the first of all left out.

    `bills_here`: its invoices are booked here; else a later end of what is paid tells.
    """
    if before.paid_until is None:
        return 0
    if bills_here:
        return booked
    is_later = after.paid_until is not None and after.paid_until > before.paid_until
    return int(is_later and after.state == "active")


News = Literal[
    "started", "renewed", "recovered", "past_due", "unpaid", "paused", "resumed", "changed", "cancel_scheduled", "ended"
]


def news(before: Facts, after: Facts, *, periods_paid: int) -> tuple[News, ...]:
    """What subscribers are told; nothing where nothing changed. `periods_paid`: whole ones that were not known before.

    "Renewed" is said on a paid invoice only, and never of a period whose failure was final: that one is recovered.
    """
    if before.state in ENDED:
        return ()
    told: tuple[News, ...] = (*_delivery(before, after, periods_paid=periods_paid), *_trouble(before, after))
    if after.state in ENDED:
        return (*told, "ended") if before.state != "incomplete" else ()
    return told if before.state == "incomplete" else (*told, *_plans(before, after, is_told="resumed" in told))


_BACK: dict[State, News] = {"incomplete": "started", "unpaid": "recovered", "paused": "resumed"}


def _delivery(before: Facts, after: Facts, *, periods_paid: int) -> tuple[News, ...]:
    if after.state not in ENTITLED:
        return ()
    if before.state in _BACK:
        return (_BACK[before.state],)
    return ("renewed",) if periods_paid else ()


def _trouble(before: Facts, after: Facts) -> tuple[News, ...]:
    if after.state == before.state:
        return ()
    match after.state:
        case "past_due" | "unpaid" | "paused":
            return (after.state,)
        case _:
            return ()


def _plans(before: Facts, after: Facts, *, is_told: bool) -> tuple[News, ...]:
    told: list[News] = []
    if (after.price_id, after.pending_price_id) != (before.price_id, before.pending_price_id):
        told.append("changed")
    if after.cancel_at_period_end and not before.cancel_at_period_end:
        told.append("cancel_scheduled")
    elif before.cancel_at_period_end and not after.cancel_at_period_end and not is_told:
        told.append("resumed")
    return tuple(told)


def reminders_due(facts: Facts, *, now: datetime) -> int:
    """How many mails on a payment that fails should have been sent by now."""
    if facts.state != "past_due" or facts.paid_until is None:
        return 0
    return sum(now >= facts.paid_until + after for after in REMINDED_AFTER)


def next_check(facts: Facts, *, created_at: datetime, is_known: bool, now: datetime) -> datetime | None:
    """When it is looked at again, if no news comes before; None: never. `is_known`: the provider has heard of it."""
    match facts.state:
        case "incomplete":
            at = created_at + INCOMPLETE_TIME if is_known else now + CALL_TIME
        case "trialing" | "active":
            at = (facts.period_end or now + _DAY) + MISSED_AFTER
        case "past_due":
            start = facts.paid_until or now
            moments = [start + after for after in REMINDED_AFTER] + [facts.grace_until or now + _DAY, now + _DAY]
            at = min(moment for moment in moments if moment > now)
        case "unpaid" | "paused":
            at = now + _DAY
        case _:
            return None
    return max(at, now + CALL_TIME)


def changes_now(old: tuple[int, str, int], new: tuple[int, str, int]) -> bool:
    """Whether a change takes hold at once: dearer by the day, for no shorter a period. Else when the period ends.

    Each: a period's amount in minor units, its interval, how many of these.
    """
    old_days, new_days = _days(old), _days(new)
    return new[0] * old_days > old[0] * new_days and new_days >= old_days


def _days(terms: tuple[int, str, int]) -> int:
    return {"day": 1, "week": 7, "month": 30, "year": 365}[terms[1]] * terms[2]
