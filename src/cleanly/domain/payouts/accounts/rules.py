"""What a provider's word about a seller's account means for ours. Pure and total."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, assert_never

from cleanly.platform.providers.protocol_sellers import AccountSnapshot, Destination

State = Literal["pending", "enabled", "restricted", "disabled"]
OPERATION: Final = "seller_account"
REQUIREMENTS_MAX: Final = 50
# A payout item takes 127 single-byte characters; a merchant's id is PayPal's own.
_PAYEE_LENGTH_MAX: Final = 127
_MERCHANT_ID: Final = re.compile(r"[A-Z0-9]{13}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Known:
    """Our row, before a snapshot. `was_enabled`: it was once. `is_sellers_first`: the seller had no destination yet."""

    was_enabled: bool
    fingerprint: str | None
    changed_at: datetime | None
    is_sellers_first: bool


def judge(known: Known, seen: AccountSnapshot) -> State:
    """Enabled only if money can be sent there now. What was enabled once is never pending again."""
    waiting: State = "restricted" if known.was_enabled else "pending"
    match seen.state:
        case "closed":
            return "disabled"
        case "active":
            return "enabled" if seen.payouts_enabled else waiting
        case "restricted":
            return "restricted"
        case "pending":
            return waiting
        case _:
            assert_never(seen.state)


def is_changed(known: Known, destination: Destination | None) -> bool:
    """Whether money would go elsewhere than before. A destination that is gone for a while is no change yet."""
    return destination is not None and destination.fingerprint != known.fingerprint


def changed_at(known: Known, destination: Destination | None, *, now: datetime) -> datetime | None:
    """Since when money goes to where it goes; None: to the first that the seller ever gave.

    Our own clock counts, not the provider's: the hold runs from when we could first have told the seller.
    """
    if not is_changed(known, destination):
        return known.changed_at
    return None if known.is_sellers_first and known.fingerprint is None else now


def payee_of(text: str) -> str | None:
    """A PayPal payee in its normal form, an e-mail address or a merchant's id; None if it is neither."""
    found = text.strip()
    if _MERCHANT_ID.fullmatch(found):
        return found
    if len(found) > _PAYEE_LENGTH_MAX or not _EMAIL.fullmatch(found):
        return None
    return found.lower()
