"""PayPal's subscriptions, plans and their transactions in our words. Pure; what it does not know it does not guess.

A transaction does not say which period it pays: its time does, and no two pay the same one. An ended subscription
entitles to what is left of the time that was paid: PayPal ends at once, and knows no end at a period's end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from cleanly.platform.providers.anchors import Interval, nth
from cleanly.platform.providers.billing import Invoice, SubscriptionSnapshot
from cleanly.platform.providers.paypal.snapshots import NAME, money
from cleanly.platform.providers.purchases import SubscriptionState
from cleanly.platform.providers.reading import Json, at_instant, our_id, within

_INTERVALS: Final = {"DAY", "WEEK", "MONTH", "YEAR"}
_PAID: Final = {"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"}
_PERIODS_MAX: Final = 5_000
# PayPal bills on a day, at an hour of its own.
_EARLY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of ours. It never changes."""

    price_id: UUID
    interval: Interval
    interval_count: int
    trial_days: int

    def start(self, begun_at: datetime, number: int) -> datetime:
        """When period `number` begins; 0 is the first one that is paid for."""
        return nth(begun_at + timedelta(days=self.trial_days), self.interval, self.interval_count, number)

    def number(self, begun_at: datetime, at: datetime, *, least: int) -> int:
        """The period that something at that time pays for, and not one that is paid already.

        Raises:
            ValueError: there are no so many periods.
        """
        early = _EARLY / 2 if self.interval == "day" else _EARLY
        for number in range(least, _PERIODS_MAX):
            if self.start(begun_at, number + 1) - early > at:
                return number
        raise ValueError("pays for no period that there is")


def plan(it: Json) -> Plan:
    """A Plan.

    Raises:
        ValueError: it is none of ours.
    """
    price, _, trial = str(it["description"]).partition(" ")
    [regular] = [one for one in it["billing_cycles"] if one["tenure_type"] == "REGULAR"]
    unit = regular["frequency"]["interval_unit"]
    if unit not in _INTERVALS:
        raise ValueError("an interval that nobody here knows")
    return Plan(UUID(price), cast("Interval", unit.lower()), int(regular["frequency"]["interval_count"]), int(trial))


def subscription(it: Json, of: Plan, transactions: Sequence[Json], *, now: datetime) -> SubscriptionSnapshot:
    """A Subscription with its plan and all of its transactions."""
    begun_at = at_instant(it["start_time"])
    paid, last = _paid(begun_at, of, transactions)
    trial_end = of.start(begun_at, 0) if of.trial_days else None
    paid_until = trial_end if last is None else of.start(begun_at, last + 1)
    if it["status"] in {"APPROVAL_PENDING", "APPROVED"}:
        paid_until = None
    state = _state(it, has_paid=last is not None, paid_until=paid_until, now=now)
    is_over = it["status"] == "CANCELLED"
    number = -1 if last is None else last
    if paid_until is not None and paid_until <= now and not is_over:
        number = of.number(begun_at, now, least=number + 1)  # what runs is not paid
    has_begun = paid_until is not None
    return SubscriptionSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=our_id(it.get("custom_id")),
        state=state,
        price_id=of.price_id,
        period_start=None if not has_begun else begun_at if number < 0 else of.start(begun_at, number),
        period_end=of.start(begun_at, number + 1) if has_begun else None,
        paid_until=paid_until,
        trial_end=trial_end,
        cancel_at_period_end=is_over and state != "canceled",
        ended_at=(paid_until or at_instant(it["status_update_time"])) if state in {"canceled", "expired"} else None,
        decline_code=within(it, "billing_info", "last_failed_payment", "reason_code"),
        paid=paid,
    )


def approval(it: Json) -> str | None:
    """Where the buyer approves; None: there is nothing left to approve."""
    return next((str(link["href"]) for link in it.get("links") or () if link["rel"] == "approve"), None)


def _state(it: Json, *, has_paid: bool, paid_until: datetime | None, now: datetime) -> SubscriptionState:
    fails = bool(within(it, "billing_info", "failed_payments_count"))
    # Before it has paid, it is its trial that runs, or nothing yet.
    runs: SubscriptionState = "active" if has_paid else "incomplete" if paid_until is None else "trialing"
    match it["status"]:
        case "APPROVAL_PENDING" | "APPROVED":
            return "incomplete"
        case "ACTIVE":
            return "past_due" if fails and paid_until is not None else runs
        case "SUSPENDED":
            return "unpaid" if fails else "paused"
        case "CANCELLED":
            return runs if paid_until is not None and now < paid_until else "canceled"
        case "EXPIRED":
            return "expired"
        case other:
            raise ValueError(f"a state that nobody here knows: {other}")


def _paid(begun_at: datetime, of: Plan, transactions: Sequence[Json]) -> tuple[tuple[Invoice, ...], int | None]:
    """What was paid, oldest first, and the number of the last period that was."""
    found: list[Invoice] = []
    last: int | None = None
    for one in sorted(transactions, key=lambda it: (at_instant(it["time"]), str(it["id"]))):
        if one["status"] not in _PAID:
            continue
        last = of.number(begun_at, at_instant(one["time"]), least=0 if last is None else last + 1)
        found.append(
            Invoice(
                reference=str(one["id"]),
                charge=str(one["id"]),
                kind="cycle",
                price_id=of.price_id,
                money=money(one["amount_with_breakdown"]["gross_amount"]),
                period_start=of.start(begun_at, last),
                period_end=of.start(begun_at, last + 1),
            )
        )
    return tuple(found), last
