"""Wire shapes of what was told."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, PlainSerializer

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire
from cleanly.platform.webhooks.outbound.rules import DeliveryState, Outcome

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
_TYPE = Field(examples=["payment.succeeded"])


class EventOut(Wire):
    """What a subscriber is told, and its id: the header webhook-id of every try."""

    id: UUID
    type: str = _TYPE
    timestamp: Moment
    data: dict[str, Any] = Field(examples=[{"paymentId": "01a2038c-e4a8-7347-8350-90f38f89e522", "state": "captured"}])


class MessagesOut(Wire):
    """A page of messages, newest first."""

    items: list[EventOut]
    next_cursor: str | None


class TriedOut(Wire):
    """How a try ended. `status` is null if there was no answer; `error` then says why."""

    number: int = Field(examples=[1])
    started_at: Moment
    duration_ms: int = Field(examples=[87])
    outcome: Outcome
    status: int | None = Field(examples=[200])
    address: str | None = Field(
        description="Who was called: the address that the name led to", examples=["203.0.113.7"]
    )
    error: str | None = Field(examples=[None])


class AttemptOut(TriedOut):
    """A try with what was answered; `body` is its first 16 KiB."""

    headers: dict[str, str] | None = Field(examples=[{"content-type": "text/plain"}])
    body: str | None = Field(examples=["ok"])


class DeliveryOut(Wire):
    """One message on its way to one endpoint.

    pending, claimed (being tried now), succeeded, failed (given up), skipped (published while the endpoint was off).
    """

    id: UUID
    message_id: UUID = Field(description="The header webhook-id")
    endpoint_id: UUID
    type: str = _TYPE
    state: DeliveryState
    tries: int = Field(description="Tries that have ended", examples=[1])
    published_at: Moment
    due_at: Moment | None = Field(description="When it is tried next")
    done_at: Moment | None
    last_attempt: TriedOut | None


class DeliveriesOut(Wire):
    """A page of deliveries, newest first."""

    items: list[DeliveryOut]
    next_cursor: str | None


class MessageOut(EventOut):
    """One message and where it went."""

    deliveries: list[DeliveryOut]


class WholeDeliveryOut(DeliveryOut):
    """A delivery with its message and its tries, the first one first; of more than 100 the newest."""

    message: EventOut
    attempts: list[AttemptOut]


class PolledOut(Wire):
    """The next events of an endpoint, oldest first. Pass `nextCursor` as `after`, now or later: nothing is missed."""

    items: list[EventOut]
    next_cursor: str | None = Field(description="Null only where nothing was ever there")
    has_more: bool
