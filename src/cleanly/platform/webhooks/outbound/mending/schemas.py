"""Wire shapes of mending."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, PlainSerializer

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire
from cleanly.platform.webhooks.outbound.mending.queries import Replayable
from cleanly.platform.webhooks.outbound.rules import Outcome

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
States = Annotated[tuple[Replayable, ...], Field(min_length=1, max_length=4)]


class ReplayIn(Wire):
    """Which messages to send again: those published from `since` on (and before `until`), by what became of them.

    `missing`: never sent, because the endpoint did not exist then or did not ask for such events. `dryRun` counts and
    sends nothing.
    """

    since: AwareDatetime = Field(description="Published at this moment or later", examples=["2026-11-22T12:00:00Z"])
    until: AwareDatetime | None = Field(default=None, description="Published before this moment; now if absent")
    states: States = ("failed", "skipped")
    dry_run: bool = False
    cursor: str | None = Field(default=None, max_length=512, description="`nextCursor` of the call before")


class CountsOut(Wire):
    """How many messages, by what had become of them."""

    failed: int = 0
    skipped: int = 0
    succeeded: int = 0
    missing: int = 0


class ReplayedOut(Wire):
    """How many are sent again, or would be. Call again with the cursor until there is none.

    A dry run counts all at once, up to 100,000, and has no cursor.
    """

    dry_run: bool
    messages: int = Field(examples=[12])
    by_state: CountsOut
    next_cursor: str | None


class TestedOut(Wire):
    """How the endpoint answered an event `endpoint.test`. `status` is null if it did not; `error` then says why."""

    endpoint_id: UUID
    is_success: bool
    outcome: Outcome
    started_at: Moment
    duration_ms: int = Field(examples=[87])
    status: int | None = Field(examples=[200])
    headers: dict[str, str] | None = Field(examples=[{"content-type": "text/plain"}])
    body: str | None = Field(description="The first 16 KiB", examples=["ok"])
    address: str | None = Field(examples=["203.0.113.7"])
    error: str | None = Field(examples=[None])
