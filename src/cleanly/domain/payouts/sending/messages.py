"""Work that payouts ask for, and what they tell subscribers of outbound webhooks."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from cleanly.kernel.messages import Event, EventData, EventType, Task, Tick


class OnePayout(BaseModel):
    """A payout to go on with."""

    payout_id: UUID


SEND = Task("payouts.send", OnePayout)
CALL_BACK = Task("payouts.call_back", OnePayout, attempts_max=5)
JANITOR = Task("payouts.janitor", Tick, attempts_max=3)
MEASURE = Task("payouts.measure", Tick, attempts_max=1)

PAYOUT_CREATED = "payout.created"
PAYOUT_HELD = "payout.held"
PAYOUT_IN_TRANSIT = "payout.in_transit"
PAYOUT_PAID = "payout.paid"
PAYOUT_FAILED = "payout.failed"
PAYOUT_RETURNED = "payout.returned"
PAYOUT_CANCELED = "payout.canceled"


class PayoutMoved(EventData):
    """A payout and the state that it came to."""

    payout_id: UUID
    state: Literal["requested", "held", "in_transit", "paid", "failed", "returned", "canceled"]


_PAYOUT = UUID("01a2038e-07d5-7c39-9e0e-5d0f0a2b7c11")
EVENTS = (
    EventType(PAYOUT_CREATED, "A payout was asked for.", PayoutMoved(payout_id=_PAYOUT, state="requested")),
    EventType(PAYOUT_HELD, "Somebody looks at it before it goes.", PayoutMoved(payout_id=_PAYOUT, state="held")),
    EventType(PAYOUT_IN_TRANSIT, "It is on its way.", PayoutMoved(payout_id=_PAYOUT, state="in_transit")),
    EventType(
        PAYOUT_PAID,
        "It has arrived; a bank may still send it back, which is told as failed.",
        PayoutMoved(payout_id=_PAYOUT, state="paid"),
    ),
    EventType(
        PAYOUT_FAILED,
        "It did not arrive, or was taken back; the money is available again.",
        PayoutMoved(payout_id=_PAYOUT, state="failed"),
    ),
    EventType(
        PAYOUT_RETURNED,
        "Nobody claimed it; the money is available again.",
        PayoutMoved(payout_id=_PAYOUT, state="returned"),
    ),
    EventType(
        PAYOUT_CANCELED,
        "It was given up before it left; the money is available again.",
        PayoutMoved(payout_id=_PAYOUT, state="canceled"),
    ),
)
TOLD = {
    "requested": PAYOUT_CREATED,
    "held": PAYOUT_HELD,
    "in_transit": PAYOUT_IN_TRANSIT,
    "paid": PAYOUT_PAID,
    "failed": PAYOUT_FAILED,
    "returned": PAYOUT_RETURNED,
    "canceled": PAYOUT_CANCELED,
}


def about(seller_id: UUID, payout_id: UUID, state: str) -> Event:
    """A thin event: which payout, and its state."""
    return Event(type=TOLD[state], account_id=seller_id, data={"payoutId": str(payout_id), "state": state})
