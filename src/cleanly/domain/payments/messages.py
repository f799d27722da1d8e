"""Work that payments ask for, and what they tell subscribers of outbound webhooks."""

from uuid import UUID

from cleanly.kernel.messages import Event, Task, Tick

JANITOR = Task("payments.janitor", Tick, attempts_max=3)

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
EVENT_TYPES = (
    PAYMENT_AUTHORIZED,
    PAYMENT_SUCCEEDED,
    PAYMENT_FAILED,
    PAYMENT_CANCELED,
    PAYMENT_LATE_CAPTURE,
    REFUND_CREATED,
    REFUND_SUCCEEDED,
    REFUND_FAILED,
    DISPUTE_OPENED,
    DISPUTE_CLOSED,
)


def about(kind: str, account_id: UUID, object_name: str, object_id: UUID, **more: object) -> Event:
    """A thin event: which object, and the few words that spare a look."""
    return Event(type=kind, account_id=account_id, data={f"{object_name}Id": str(object_id), **more})
