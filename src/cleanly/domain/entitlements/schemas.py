"""Wire shapes of entitlements."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, PlainSerializer

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class EntitlementOut(Wire):
    """Something that may be used now."""

    product_id: UUID
    subscription_id: UUID | None = Field(description="What entitles to it, if it is a subscription")
    payment_id: UUID | None = Field(description="What entitles to it, if it was bought once")
    starts_at: Moment
    ends_at: Moment | None = Field(description="Until when, the grace for a late payment included; null: for good")


class EntitlementsOut(Wire):
    """All that the caller may use now."""

    items: list[EntitlementOut]
