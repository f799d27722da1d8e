"""Wire shapes of the inbox, for operators."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, PlainSerializer

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire
from cleanly.platform.webhooks.inbound.rules import State

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._:-]+$")]


class ReceivedOut(Wire):
    """Stored, or known already: nothing more to say."""


class InboundEventOut(Wire):
    """One event and what became of it."""

    id: UUID
    provider: str = Field(examples=["stripe"])
    provider_account: str
    event_id: str = Field(examples=["evt_1"])
    type: str = Field(examples=["payment_intent.succeeded"])
    object_kind: str = Field(examples=["payment"])
    object_id: str = Field(examples=["pi_1"])
    our_id: UUID | None
    livemode: bool
    source: str = Field(description="push, sweep or replay", examples=["push"])
    state: State
    attempts: int = Field(description="Tries that have ended", examples=[1])
    next_at: Moment | None = Field(description="When it is tried next")
    last_error: str | None = Field(description="Why it failed last, or why it was ignored")
    provider_created_at: Moment
    received_at: Moment
    done_at: Moment | None


class InboundEventsOut(Wire):
    """A page of events, newest first."""

    items: list[InboundEventOut]
    next_cursor: str | None


class LetterOut(InboundEventOut):
    """One event with what came with it. `body` is null once it was emptied."""

    api_version: str | None
    verified_with: str
    headers: dict[str, Any]
    body: str | None


class ReplayIn(Wire):
    """Which events to act on again, oldest first; all dead ones if nothing is said."""

    state: Literal["dead", "waiting", "ignored", "done"] = "dead"
    provider: Name | None = None
    type: Name | None = None
    since: AwareDatetime | None = Field(default=None, description="Received at this moment or later")
    cursor: str | None = Field(default=None, max_length=512, description="`nextCursor` of the call before")


class ReplayedOut(Wire):
    """How many will be acted on again. Call again with the cursor until there is none."""

    replayed: int = Field(examples=[3])
    next_cursor: str | None
