"""Stripe's events, snapshot and thin, in our words. Pure. Source: https://docs.stripe.com/event-destinations."""

import re
from typing import Any, Final
from uuid import UUID

from cleanly.platform.providers.protocol import ObjectKind, StoredEvent, VerifiedEvent
from cleanly.platform.providers.reading import Json, at_instant, at_second, our_id, within
from cleanly.platform.providers.stripe.snapshots import NAME, OUR_ID, identity

_KINDS: Final[dict[str, ObjectKind]] = {
    "payment_intent": "payment",
    "charge": "payment",
    "refund": "refund",
    "dispute": "dispute",
    "balance_transaction": "entry",
    "account": "account",
    "transfer": "transfer",
    "payout": "payout",
    "subscription": "subscription",
}
_ON_SELLERS: Final = re.compile(r"(?:v1\.)?(?:account|capability|person)\.")
# News that the books are complete up to here: about their lines, and not about the payout that it names.
_ON_BOOKS: Final = {"payout.reconciliation_completed", "v1.payout.reconciliation_completed"}


def event(it: Json, *, account: str, is_live: bool, verified_with: str) -> VerifiedEvent:
    """What an event is about; `account`, `is_live`: ours.

    An event of the other mode reaches a Connect endpoint, too: it is about nothing of ours.

    Raises:
        ValueError, TypeError, KeyError: not an event.
    """
    is_thin = it.get("object") == "v2.core.event"
    if not is_thin and it.get("object") != "event":
        raise ValueError("not an event")
    about: Json = (it.get("related_object") or {}) if is_thin else it["data"]["object"]
    word = str(about.get("type" if is_thin else "object") or "")
    kind, reference = _about(word, about)
    if not isinstance(it["livemode"], bool):
        raise TypeError("livemode is no boolean")
    mine = it["livemode"] is is_live
    if it["type"] in _ON_BOOKS:
        kind = "entry"
    connected = it.get("account") or it.get("context")
    # A capability, a person, a bank: parts of a seller's account, which is what is looked at.
    is_part = word != "account" and bool(connected) and _ON_SELLERS.match(str(it["type"])) is not None
    if is_part:
        kind, reference = "account", str(connected)
    return VerifiedEvent(
        provider=NAME,
        account=str(connected or account),
        # The same news as a snapshot event has that one's id: it is stored once.
        id=_text(it.get("snapshot_event") or it["id"]),
        type=_text(it["type"]),
        kind=kind if mine else "other",
        object=reference,
        our_id=None if is_thin or not mine or is_part else _ours(word, about),
        is_live=it["livemode"],
        api_version=it.get("api_version"),
        created_at=at_instant(it["created"]) if is_thin else at_second(it["created"]),
        verified_with=verified_with,
    )


def stored(it: Json, body: bytes, *, account: str, is_live: bool) -> StoredEvent:
    """An event from the list of events."""
    return StoredEvent(event=event(it, account=account, is_live=is_live, verified_with="list"), body=body)


def _ours(word: str, it: Json) -> UUID | None:
    # An invoice repeats the metadata of its subscription.
    owner = within(it, "parent", "subscription_details") if word == "invoice" else it
    return our_id(within(owner, "metadata", OUR_ID))


def _about(word: str, it: Json) -> tuple[ObjectKind, str]:
    reference = str(it.get("id") or "")
    if word in {"invoice", "subscription_schedule"}:
        # Parts of a subscription, which is what is looked at; an invoice may be of something else.
        owner = identity(within(it, "parent", "subscription_details", "subscription") or it.get("subscription"))
        return ("other", reference) if owner is None else ("subscription", owner)
    if word == "charge" and "payment_intent" in it:
        # State comes from the PaymentIntent; a charge without one was not made by us.
        owner = identity(it["payment_intent"])
        return ("other", reference) if owner is None else ("payment", owner)
    return _KINDS.get(word, "other"), reference


def _text(it: Any) -> str:
    if not isinstance(it, str) or not it or len(it) > 255:
        raise ValueError("not a short text")
    return it
