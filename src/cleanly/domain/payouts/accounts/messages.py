"""What subscribers of outbound webhooks are told of a seller's account."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from cleanly.kernel.messages import EventData, EventType, Task, Tick

SELLER_ACCOUNT_UPDATED = "seller_account.updated"


class DestinationMoved(BaseModel):
    """A seller whose money goes elsewhere from now on. `hint`: what its owner recognises it by."""

    seller_id: UUID
    provider: str
    hint: str


WARN_SELLER = Task("payouts.warn_seller", DestinationMoved)
LOOK_AFTER = Task("payouts.look_after_accounts", Tick, attempts_max=1)


class SellerAccountMoved(EventData):
    """A seller's account at a provider, and how it stands. What is missing stands at `GET /payout-accounts/me`."""

    payout_account_id: UUID
    provider: str
    status: Literal["pending", "enabled", "restricted", "disabled"]
    payouts_enabled: bool
    is_destination_changed: bool


EVENTS = (
    EventType(
        SELLER_ACCOUNT_UPDATED,
        "A seller's account can now be paid, can't be any more, lacks something else, or pays to another place.",
        SellerAccountMoved(
            payout_account_id=UUID("01a2038d-6a11-7c55-8f02-51f6a1d3c9e4"),
            provider="stripe",
            status="enabled",
            payouts_enabled=True,
            is_destination_changed=True,
        ),
    ),
)
