"""PayPal's events in our words. Pure. Source: https://developer.paypal.com/api/rest/webhooks/event-names/."""

from typing import Final
from uuid import UUID

from cleanly.platform.providers.paypal.payouts import of_batch, reference_of
from cleanly.platform.providers.paypal.snapshots import NAME, order_of
from cleanly.platform.providers.protocol import ObjectKind, VerifiedEvent
from cleanly.platform.providers.reading import Json, at_instant, our_id, within

_KINDS: Final[dict[str, ObjectKind]] = {
    "checkout-order": "payment",
    "capture": "payment",
    "authorization": "payment",
    "refund": "refund",
    "dispute": "dispute",
    "payouts_item": "payout",
    "payouts": "payout",  # of a batch
    "subscription": "subscription",
    "sale": "subscription",  # a payment for one; others are of an interface that nobody here uses
}


def event(it: Json, *, account: str, is_live: bool, verified_with: str) -> VerifiedEvent:
    """What an event is about. A payment is named by its order where the event tells that, else by its capture.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: not an event.
    """
    about: Json = it["resource"]
    word = str(it.get("resource_type") or "")
    return VerifiedEvent(
        provider=NAME,
        account=account,
        id=_text(it["id"]),
        type=_text(it["event_type"]),
        kind=_KINDS.get(word, "other") if (reference := _reference(word, about)) else "other",
        object=reference,
        our_id=_ours(word, about),
        is_live=is_live,
        api_version=it.get("resource_version"),
        created_at=at_instant(it["create_time"]),
        verified_with=verified_with,
    )


def _reference(word: str, about: Json) -> str:
    if word in {"capture", "authorization"}:
        return order_of(about) or _text(about["id"])
    # A payout is known by its batch, whose id is told first; the batch has one item.
    if word == "payouts_item":
        return _text(about["payout_batch_id"])
    if word == "payouts":
        return _text(reference_of(about))
    if word == "sale":
        return str(about.get("billing_agreement_id") or "")
    return str(about.get("dispute_id" if word == "dispute" else "id") or "")


def _ours(word: str, about: Json) -> UUID | None:
    """A refund's is left out: one made in the console may carry its payment's id."""
    if word == "checkout-order":
        return our_id(within(about["purchase_units"][0], "custom_id"))
    if word == "payouts_item":
        return our_id(within(about, "payout_item", "sender_item_id"))
    if word == "payouts":
        return of_batch(about["batch_header"])
    if word == "dispute":
        disputed = about.get("disputed_transactions") or ()
        return our_id(within(disputed[0], "custom")) if disputed else None
    return our_id(about.get("custom_id")) if word in {"capture", "authorization", "subscription"} else None


def _text(it: object) -> str:
    if not isinstance(it, str) or not it or len(it) > 255:
        raise ValueError("not a short text")
    return it
