"""Work that payments ask for, and what they tell subscribers of outbound webhooks."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from cleanly.kernel.messages import Event, EventData, EventType, Task, Tick


class LateCapture(BaseModel):
    """A payment whose money came after it was given up."""

    payment_id: UUID


class Acknowledge(BaseModel):
    """A purchase on Google Play that was granted."""

    payment_id: UUID


JANITOR = Task("payments.janitor", Tick, attempts_max=3)
MEASURE = Task("payments.measure", Tick, attempts_max=1)
REFUND_LATE_CAPTURE = Task("payments.refund_late_capture", LateCapture)
SWEEP_VOIDED = Task("payments.sweep_voided", Tick, attempts_max=5)
# Google gives the money back after three days: tried for longer than that.
ACKNOWLEDGE = Task("payments.acknowledge", Acknowledge, attempts_max=40)

PAYMENT_AUTHORIZED = "payment.authorized"
PAYMENT_SUCCEEDED = "payment.succeeded"
PAYMENT_FAILED = "payment.failed"
PAYMENT_CANCELED = "payment.canceled"
PAYMENT_LATE_CAPTURE = "payment.late_capture"
REFUND_CREATED = "refund.created"
REFUND_SUCCEEDED = "refund.succeeded"
REFUND_FAILED = "refund.failed"
DISPUTE_OPENED = "dispute.opened"
DISPUTE_CLOSED = "dispute.closed"


class PaymentMoved(EventData):
    """A payment and the state that it came to."""

    payment_id: UUID
    state: Literal["authorized", "captured", "failed", "canceled"]


class PaymentNoticed(EventData):
    """A payment that needs a look."""

    payment_id: UUID


class RefundMoved(EventData):
    """A refund and its payment."""

    payment_id: UUID
    refund_id: UUID


class DisputeOpened(EventData):
    """A dispute and its payment."""

    payment_id: UUID
    dispute_id: UUID


class DisputeClosed(DisputeOpened):
    """How it ended: `closed` is neither side's victory."""

    state: Literal["won", "lost", "closed"]


_PAYMENT = UUID("01a2038c-e4a8-7347-8350-90f38f89e522")
_REFUND = UUID("01a2038d-1b0c-7d11-9c55-2f4d1c6f0a77")
_DISPUTE = UUID("01a2038d-52f3-7a02-b1f0-6b1f6a5d9e10")
_refund = RefundMoved(payment_id=_PAYMENT, refund_id=_REFUND)
EVENTS = (
    EventType(
        PAYMENT_AUTHORIZED,
        "The buyer's bank holds the money; it is not captured yet.",
        PaymentMoved(payment_id=_PAYMENT, state="authorized"),
    ),
    EventType(
        PAYMENT_SUCCEEDED, "The money was captured: deliver.", PaymentMoved(payment_id=_PAYMENT, state="captured")
    ),
    EventType(
        PAYMENT_FAILED, "The payment was refused; no money moved.", PaymentMoved(payment_id=_PAYMENT, state="failed")
    ),
    EventType(
        PAYMENT_CANCELED,
        "The payment was given up before a capture; what was held is free again.",
        PaymentMoved(payment_id=_PAYMENT, state="canceled"),
    ),
    EventType(
        PAYMENT_LATE_CAPTURE,
        "Money came for a payment that had been given up here: look at it, and refund or deliver.",
        PaymentNoticed(payment_id=_PAYMENT),
    ),
    EventType(REFUND_CREATED, "A refund was asked for.", _refund),
    EventType(REFUND_SUCCEEDED, "The provider gave the money back.", _refund),
    EventType(REFUND_FAILED, "The money could not be given back; it is the seller's again.", _refund),
    EventType(
        DISPUTE_OPENED,
        "The buyer's bank asks for the money back: answer in time.",
        DisputeOpened(payment_id=_PAYMENT, dispute_id=_DISPUTE),
    ),
    EventType(
        DISPUTE_CLOSED, "The dispute is over.", DisputeClosed(payment_id=_PAYMENT, dispute_id=_DISPUTE, state="won")
    ),
)


def about(kind: str, account_id: UUID, object_name: str, object_id: UUID, **more: object) -> Event:
    """A thin event: which object, and the few words that spare a look."""
    return Event(type=kind, account_id=account_id, data={f"{object_name}Id": str(object_id), **more})
