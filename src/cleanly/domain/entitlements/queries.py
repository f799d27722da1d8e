"""Read what a user may use: one look at one index."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.entitlements.models import EntitlementRow
from cleanly.domain.entitlements.rules import Source


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a user may use. `ends_at`: None for good."""

    feature: str
    source: Source
    source_id: UUID
    starts_at: datetime
    ends_at: datetime | None


async def of_user(session: AsyncSession, user_id: UUID, *, now: datetime) -> list[Entitlement]:
    """What holds now, in a stable order."""
    return await _found(
        session,
        EntitlementRow.user_id == user_id,
        EntitlementRow.revoked_at.is_(None),
        or_(EntitlementRow.ends_at.is_(None), EntitlementRow.ends_at > now),
    )


async def ever_of(session: AsyncSession, user_id: UUID) -> list[Entitlement]:
    """What held at any time, for the person's export."""
    return await _found(session, EntitlementRow.user_id == user_id)


async def _found(session: AsyncSession, *wanted: ColumnElement[bool]) -> list[Entitlement]:
    rows = await session.execute(
        select(
            EntitlementRow.feature,
            EntitlementRow.source,
            EntitlementRow.source_id,
            EntitlementRow.starts_at,
            EntitlementRow.ends_at,
        )
        .where(*wanted)
        .order_by(EntitlementRow.feature, EntitlementRow.source_id)
    )
    return [
        Entitlement(feature, cast("Source", source), source_id, starts_at, ends_at)
        for feature, source, source_id, starts_at, ends_at in rows
    ]
