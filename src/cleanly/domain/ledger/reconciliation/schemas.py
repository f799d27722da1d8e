"""Wire shapes of differences, for operators."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, PlainSerializer, StringConstraints

from cleanly.domain.ledger.reconciliation.rules import ItemKind
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
ProviderName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]


class ItemOut(Wire):
    """One difference between a provider's books and ours."""

    id: UUID
    kind: ItemKind
    provider: str = Field(examples=["stripe"])
    provider_account: str
    object: str = Field(description="The provider's object", examples=["ch_1"])
    details: dict[str, Any] = Field(description="Both sides as they were seen; amounts in minor units")
    opened_at: Moment
    resolved_at: Moment | None
    resolved_by: UUID | None
    reason: str | None


class ItemsOut(Wire):
    """A page of differences, newest first."""

    items: list[ItemOut]
    next_cursor: str | None


class StandingOut(Wire):
    """A provider's money in one currency, in minor units: by its own word, and by our books."""

    currency: str = Field(examples=["EUR"])
    held: int = Field(description="What the provider says it holds")
    booked: int = Field(description="What our books say it holds and we may use")
    coming: int = Field(description="Its lines that are not available yet")
    clearing: int = Field(description="Booked by us, not settled by its lines")
    difference: int = Field(description="`held` less `booked` and `coming`, apart from what moved during the look")
    differs_since: str | None = Field(description="After 24 hours it is a difference of its own, of kind `balance`")


class ReportOut(Wire):
    """What one run found at one provider."""

    id: UUID
    provider: str = Field(examples=["stripe"])
    provider_account: str
    started_at: Moment
    ended_at: Moment
    is_clean: bool = Field(description="Nothing differs, nothing waits for a person, and the provider was asked")
    imported: int = Field(description="Lines that were new")
    booked: int = Field(description="Lines from which something was booked")
    opened: int = Field(description="Differences that were new")
    open_items: dict[str, int] = Field(description="Differences that nobody had resolved, by kind")
    standings: list[StandingOut] = Field(description="Empty if the provider could not be asked")
    fault: str | None = Field(description="Why it could not")


class ReportsOut(Wire):
    """A page of reports, newest first."""

    items: list[ReportOut]
    next_cursor: str | None


class ResolveIn(Wire):
    """Why the difference is settled."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1000)] = Field(
        examples=["Booked by hand, ticket 4711"]
    )
