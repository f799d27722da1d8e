"""Stripe's subscriptions and invoices in our words. Pure: JSON in, values out; what it does not know it does not guess.

An invoice's own period is the one before: what was paid for stands in its lines. A subscription's state says nothing
of what was paid, and an invoice nothing of what runs: each is read for what it is the truth about.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cleanly.platform.providers.billing import AwaitedChange, Invoice, SubscriptionSnapshot
from cleanly.platform.providers.purchases import SubscriptionState
from cleanly.platform.providers.reading import Json, at_second, our_id, within
from cleanly.platform.providers.stripe.snapshots import NAME, OUR_ID, identity, money

PRICE: Final = "cleanly_price"  # in a schedule's metadata: our price that it changes to
CHANGE: Final = "cleanly_change"  # in a subscription's: the newest change of plan at once, and as of when
CHANGED_AT: Final = "cleanly_changed_at"
_STATES: Final[dict[str, SubscriptionState]] = {
    "incomplete": "incomplete",
    "incomplete_expired": "expired",
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "unpaid",
    "paused": "paused",
    "canceled": "canceled",
}


def subscription(
    it: Json, invoices: Sequence[Json], *, prices: Mapping[str, UUID], intents: Mapping[str, Json]
) -> SubscriptionSnapshot:
    """A Subscription, its schedule expanded, with its newest invoices.

    `prices`: ours by Stripe's ids of them. `intents`: the PaymentIntents of the invoices.
    """
    state = _STATES[it["status"]]
    rests = it.get("pause_collection") is not None and state in {"active", "trialing", "past_due"}
    settled = [one for one in invoices if one["status"] == "paid"]
    ends = [_line(one)["period"]["end"] for one in settled]
    if it.get("trial_end") is not None and state != "incomplete":
        ends.append(it["trial_end"])
    item = only_item(it)
    price_id = prices[str(identity(item["price"]))]
    return SubscriptionSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=our_id(within(it, "metadata", OUR_ID)),
        state="paused" if rests else state,
        price_id=price_id,
        period_start=at_second(item["current_period_start"]) if ends else None,
        period_end=at_second(item["current_period_end"]) if ends else None,
        paid_until=at_second(max(ends)) if ends else None,
        trial_end=_moment(it.get("trial_end")),
        cancel_at_period_end=bool(it.get("cancel_at_period_end")) or it.get("cancel_at") is not None,
        ended_at=_moment(it.get("ended_at")),
        pending_price_id=_pending(it.get("schedule"), price_id),
        resumes_at=_moment(within(it, "pause_collection", "resumes_at")),
        decline_code=_decline(invoices, intents),
        awaited=_awaited(it, prices),
        paid=tuple(
            _paid(one, reference, intents[reference], it, prices)
            for one in reversed(settled)
            if one["amount_paid"] and (reference := intent_of(one)) is not None
        ),
    )


def only_item(it: Json) -> Json:
    """What is billed.

    Raises:
        ValueError: other things are billed besides, which nobody here has asked for.
    """
    items = it["items"]["data"]
    if len(items) != 1 or items[0].get("quantity", 1) != 1:
        raise ValueError("is not a subscription to one thing")
    found: Json = items[0]
    return found


def price_names(it: Json, invoices: Sequence[Json]) -> frozenset[str]:
    """Stripe's ids of the prices that are told of."""
    lines = (_line(one) for one in invoices if one["status"] == "paid")
    named = [only_item(it)["price"], *(line["pricing"]["price_details"]["price"] for line in lines)]
    if (coming := _coming(it)) is not None:
        named.append(coming["price"])
    return frozenset(str(identity(one)) for one in named)


def intent_of(invoice: Json) -> str | None:
    """The PaymentIntent that pays or paid an invoice; None: nothing was to be paid, or by other means."""
    payments = within(invoice, "payments", "data") or ()
    # Those that were given up for another are listed, too.
    found = [one for one in payments if one["status"] != "canceled" and within(one, "payment", "payment_intent")]
    return identity(found[-1]["payment"]["payment_intent"]) if found else None


def _paid(invoice: Json, reference: str, intent: Json, it: Json, prices: Mapping[str, UUID]) -> Invoice:
    line = _line(invoice)
    is_change = any(_is_proration(one) for one in invoice["lines"]["data"])
    starts = line["period"]["start"]
    return Invoice(
        reference=reference,
        charge=identity(intent.get("latest_charge")),
        kind="change" if is_change else "cycle",
        price_id=prices[str(identity(line["pricing"]["price_details"]["price"]))],
        money=money(invoice["amount_paid"], invoice["currency"]),
        period_start=at_second(starts),
        period_end=at_second(line["period"]["end"]),
        change_id=_change(invoice, it, starts) if is_change else None,
    )


def _line(invoice: Json) -> Json:
    """The line that tells what was paid for: a change's credit for the plan before ends no later, and comes first."""
    lines: Sequence[Json] = invoice["lines"]["data"]
    return max(lines, key=lambda line: (line["period"]["end"], line["amount"]))


def _is_proration(line: Json) -> bool:
    parent = line.get("parent")
    details = within(parent, "subscription_item_details") or within(parent, "invoice_item_details")
    return bool(within(details, "proration"))


def _change(invoice: Json, it: Json, starts: int) -> UUID | None:
    """By the metadata as the invoice repeats it, else as the subscription has it now."""
    for found in (within(invoice, "parent", "subscription_details", "metadata"), it.get("metadata")):
        if within(found, CHANGED_AT) == str(starts):
            return our_id(within(found, CHANGE))
    return None


def _coming(it: Json) -> Json | None:
    """What is billed once the subscriber has confirmed it."""
    items = within(it, "pending_update", "subscription_items")
    return only_item({"items": {"data": items}}) if items else None


def _awaited(it: Json, prices: Mapping[str, UUID]) -> AwaitedChange | None:
    coming = _coming(it)
    if coming is None:
        return None
    until = at_second(it["pending_update"]["expires_at"])
    return AwaitedChange(price_id=prices[str(identity(coming["price"]))], until=until)


def _pending(schedule: Any, runs: UUID) -> UUID | None:
    if within(schedule, "status") not in {"active", "not_started"}:
        return None
    found = our_id(within(schedule, "metadata", PRICE))
    return None if found == runs else found


def _decline(invoices: Sequence[Json], intents: Mapping[str, Json]) -> str | None:
    """Why the newest invoice is not paid."""
    for invoice in invoices[:1]:
        intent = intents.get(intent_of(invoice) or "")
        error = within(intent, "last_payment_error")
        if invoice["status"] == "open" and error is not None:
            return str(error.get("decline_code") or error.get("code") or error.get("type"))
    return None


def _moment(seconds: Any) -> datetime | None:
    return None if seconds is None else at_second(seconds)
