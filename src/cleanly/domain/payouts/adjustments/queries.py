"""Read adjustments as frozen values."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.adjustments.models import AdjustmentRow
from cleanly.domain.payouts.adjustments.rules import Kind, State
from cleanly.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One adjustment as it stands."""

    id: UUID
    seller_id: UUID
    kind: Kind
    money: Money
    reason: str
    description: str | None
    state: State
    needs_second: bool
    asked_by: UUID
    decided_by: UUID | None
    decided_at: datetime | None
    created_at: datetime


def adjustment_of(row: AdjustmentRow) -> Adjustment:
    """The value of a row."""
    return Adjustment(
        id=row.id,
        seller_id=row.seller_id,
        kind=cast("Kind", row.kind),
        money=Money(row.amount, row.currency),
        reason=row.reason,
        description=row.description,
        state=cast("State", row.state),
        needs_second=row.needs_second,
        asked_by=row.asked_by,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        created_at=row.created_at,
    )


async def page(
    session: AsyncSession, *, state: State | None, seller_id: UUID | None, after: UUID | None, limit: int
) -> list[Adjustment]:
    """Newest first; `after` is the last id of the page before."""
    query = select(AdjustmentRow).order_by(AdjustmentRow.id.desc()).limit(limit)
    if state is not None:
        query = query.where(AdjustmentRow.state == state)
    if seller_id is not None:
        query = query.where(AdjustmentRow.seller_id == seller_id)
    if after is not None:
        query = query.where(AdjustmentRow.id < after)
    return [adjustment_of(row) for row in await session.scalars(query)]


async def alone_lately(session: AsyncSession, admin_id: UUID, currency: str, *, since: datetime) -> int:
    """What an administrator has adjusted alone since then, in minor units of one currency."""
    found = await session.scalar(
        select(func.sum(AdjustmentRow.amount)).where(
            AdjustmentRow.asked_by == admin_id,
            AdjustmentRow.created_at > since,
            AdjustmentRow.currency == currency,
            AdjustmentRow.needs_second.is_(False),
        )
    )
    return int(found or 0)
