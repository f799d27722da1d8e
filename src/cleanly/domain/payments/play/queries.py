"""Read what Google Play must still hear."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments.play.models import PlayPurchaseRow


async def must_acknowledge(session: AsyncSession, payment_id: UUID) -> bool:
    """Whether Google still waits to hear of this one."""
    row = await session.get(PlayPurchaseRow, payment_id)
    return row is not None and row.must_acknowledge


async def oldest_unacknowledged(session: AsyncSession) -> datetime | None:
    """Since when the oldest purchase waits to be acknowledged."""
    found: datetime | None = await session.scalar(
        select(func.min(PlayPurchaseRow.created_at)).where(PlayPurchaseRow.must_acknowledge)
    )
    return found
