"""Read what a user may use: one look at one index."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.subscriptions.models import EntitlementRow


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a user may use. `ends_at`: None for good."""

    feature: str
    source_id: UUID
    starts_at: datetime
    ends_at: datetime | None


async def of_user(session: AsyncSession, user_id: UUID, *, now: datetime) -> list[Entitlement]:
    """What holds now, in a stable order."""
    rows = await session.execute(
        select(EntitlementRow.feature, EntitlementRow.source_id, EntitlementRow.starts_at, EntitlementRow.ends_at)
        .where(
            EntitlementRow.user_id == user_id,
            EntitlementRow.revoked_at.is_(None),
            or_(EntitlementRow.ends_at.is_(None), EntitlementRow.ends_at > now),
        )
        .order_by(EntitlementRow.feature, EntitlementRow.source_id)
    )
    return [Entitlement(*row) for row in rows]
