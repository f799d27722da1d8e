"""Read refunds as frozen values."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments.refunds.models import RefundRow
from cleanly.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund as it stands. `revision`: what a snapshot must still find."""

    id: UUID
    payment_id: UUID
    provider: str
    reference: str | None
    state: str
    money: Money
    reason: str | None
    failure_code: str | None
    revision: int
    created_at: datetime


def refund_of(row: RefundRow) -> Refund:
    """The value of a row."""
    return Refund(
        id=row.id,
        payment_id=row.payment_id,
        provider=row.provider,
        reference=row.provider_refund_id,
        state=row.state,
        money=Money(row.amount, row.currency),
        reason=row.reason,
        failure_code=row.failure_code,
        revision=row.revision,
        created_at=row.created_at,
    )


async def by_id(session: AsyncSession, refund_id: UUID) -> Refund | None:
    """One refund."""
    row = await session.get(RefundRow, refund_id)
    return None if row is None else refund_of(row)


async def of_payment(session: AsyncSession, payment_id: UUID, *, after: UUID | None, limit: int) -> list[Refund]:
    """A payment's refunds, oldest first; `after` is the last id of the page before."""
    statement = select(RefundRow).where(RefundRow.payment_id == payment_id).order_by(RefundRow.id).limit(limit)
    if after is not None:
        statement = statement.where(RefundRow.id > after)
    return [refund_of(row) for row in await session.scalars(statement)]
