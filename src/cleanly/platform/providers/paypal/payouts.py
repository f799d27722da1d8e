"""PayPal's payout batches in our words. Pure. Source: Payouts v1; one item per batch, so that one answer is one payout.

A batch that is a SUCCESS was carried out; what became of the money is its item's to tell.
"""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

from cleanly.kernel.crypto import sha256
from cleanly.kernel.money import Money
from cleanly.platform.providers.currencies import PAYPAL, NotExact
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.paypal.snapshots import NAME
from cleanly.platform.providers.protocol_sellers import (
    AccountSnapshot,
    Destination,
    NewPayout,
    PayoutSnapshot,
    PayoutState,
)
from cleanly.platform.providers.reading import Json, our_id, within

_NOTE_LENGTH_MAX: Final = 1000
_ITEM: Final[dict[str, PayoutState]] = {
    "SUCCESS": "paid",
    "PENDING": "in_transit",
    "UNCLAIMED": "in_transit",  # nobody has such an account yet; after 30 days it comes back
    "ONHOLD": "in_transit",
    "FAILED": "failed",
    "BLOCKED": "failed",
    "RETURNED": "returned",
    "REFUNDED": "returned",
    "REVERSED": "returned",
}
# Before PayPal shows the item: never paid, whatever the batch says.
_BATCH: Final[dict[str, PayoutState]] = {
    "PENDING": "pending",
    "PROCESSING": "in_transit",
    "SUCCESS": "in_transit",
    "DENIED": "failed",
    "CANCELED": "canceled",
}
_OVER: Final = {"failed", "returned", "canceled"}


def new_batch(new: NewPayout, *, key: str) -> dict[str, Any]:
    """A batch of one. PayPal takes no second batch of the same id within 30 days.

    Raises:
        Refused: PayPal does not pay exactly this out, so nothing is sent.
    """
    return {
        "sender_batch_header": {"sender_batch_id": key},
        "items": [
            {
                "recipient_type": "EMAIL" if "@" in new.account else "PAYPAL_ID",
                "receiver": new.account,
                "amount": {"currency": new.money.currency, "value": payable(new.money)},
                "sender_item_id": str(new.our_id),
                "note": new.description[:_NOTE_LENGTH_MAX],
            }
        ],
    }


def payable(money: Money) -> str:
    """The amount as PayPal wants it.

    Raises:
        Refused: PayPal does not pay exactly this out.
    """
    try:
        remainder = PAYPAL.payable(money)[1]
        if remainder.amount:
            raise Refused("currency_not_exact", message=f"{money} leaves {remainder} behind")
        return PAYPAL.to_decimal(money)
    except NotExact as error:
        raise Refused("currency_not_exact", message=str(error)) from error


def payee(reference: str, ours: UUID | None) -> AccountSnapshot:
    """A payee as an account. PayPal lets nobody ask about others' accounts: that it is one, a first payout shows."""
    return AccountSnapshot(
        provider=NAME,
        reference=reference,
        our_id=ours,
        state="active",
        charges_enabled=False,
        payouts_enabled=True,
        destination=Destination(last4=hint(reference), fingerprint=fingerprint(reference)),
    )


def hint(reference: str) -> str:
    """What its owner recognises it by, and nobody else learns it from."""
    name, at, domain = reference.partition("@")
    return f"{name[:1]}…@{domain}" if at else reference[-4:]


def fingerprint(reference: str) -> str:
    """The same for the same payee."""
    return sha256(f"paypal\0{reference}".encode()).hex()


def sent(it: Json, new: NewPayout) -> PayoutSnapshot:
    """A batch that was just taken in: its item is not shown yet."""
    return PayoutSnapshot(
        provider=NAME,
        reference=reference_of(it),
        our_id=new.our_id,
        account=new.account,
        state=_BATCH[it["batch_header"]["batch_status"]],
        money=new.money,
    )


def batch(it: Json, *, account: str) -> PayoutSnapshot:
    """A batch with its item."""
    header = it["batch_header"]
    items = cast("Sequence[Json]", it.get("items") or ())
    item: Json = items[0] if items else {}
    status = item.get("transaction_status")
    told = str(header["batch_status"])
    state = _ITEM[status] if status is not None else _BATCH[told]
    return PayoutSnapshot(
        provider=NAME,
        reference=reference_of(it),
        our_id=our_id(within(item, "payout_item", "sender_item_id")) or of_batch(header),
        account=str(within(item, "payout_item", "receiver") or account),
        state=state,
        money=_money(within(item, "payout_item", "amount") or header["amount"]),
        failure_code=str(within(item, "errors", "name") or status or told) if state in _OVER else None,
        line=item.get("transaction_id"),
    )


def item_of(it: Json) -> str | None:
    """The id of a batch's one item; None: PayPal does not show it yet."""
    items = cast("Sequence[Json]", it.get("items") or ())
    return str(items[0]["payout_item_id"]) if items else None


def reference_of(it: Json) -> str:
    """A batch's id."""
    return str(it["batch_header"]["payout_batch_id"])


def of_batch(header: Json) -> UUID | None:
    """Our payout's id in the batch's own: `payout:{id}:{attempt}`."""
    parts = str(within(header, "sender_batch_header", "sender_batch_id") or "").split(":")
    return our_id(parts[1]) if len(parts) == 3 else None


def _money(it: Json) -> Money:
    return PAYPAL.from_decimal(str(it["value"]), str(it["currency"]))
