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


class ResolveIn(Wire):
    """Why the difference is settled."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1000)] = Field(
        examples=["Booked by hand, ticket 4711"]
    )
