"""Read the periods that were paid."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.subscriptions.models import PeriodRow
from cleanly.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Period:
    """A time that was paid for."""

    id: UUID
    kind: str
    price_id: UUID
    starts_at: datetime
    ends_at: datetime
    money: Money
    payment_id: UUID | None
    given_back_at: datetime | None
    created_at: datetime


async def of_subscription(
    session: AsyncSession, subscription_id: UUID, *, after: UUID | None, limit: int
) -> list[Period]:
    """Newest first; `after` is the last id of the page before."""
    statement = select(PeriodRow).where(PeriodRow.subscription_id == subscription_id)
    if after is not None:
        statement = statement.where(PeriodRow.id < after)
    rows = await session.scalars(statement.order_by(PeriodRow.id.desc()).limit(limit))
    return [
        Period(
            id=row.id,
            kind=row.kind,
            price_id=row.price_id,
            starts_at=row.period_start,
            ends_at=row.period_end,
            money=Money(row.amount, row.currency),
            payment_id=row.payment_id,
            given_back_at=row.given_back_at,
            created_at=row.created_at,
        )
        for row in rows
    ]


async def running(session: AsyncSession, *, now: datetime, after: UUID | None, limit: int) -> list[tuple[UUID, UUID]]:
    """(payment, subscription) of the periods that run now and were not given back, by the payment's id."""
    statement = select(PeriodRow.payment_id, PeriodRow.subscription_id).where(
        PeriodRow.payment_id.is_not(None), PeriodRow.period_end > now, PeriodRow.given_back_at.is_(None)
    )
    if after is not None:
        statement = statement.where(PeriodRow.payment_id > after)
    rows = await session.execute(statement.order_by(PeriodRow.payment_id).limit(limit))
    return [(payment, subscription) for payment, subscription in rows if payment is not None]
