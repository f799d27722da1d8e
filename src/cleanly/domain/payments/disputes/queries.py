"""Read disputes as frozen values."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments.disputes.models import DisputeRow
from cleanly.domain.payments.models import PaymentRow
from cleanly.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute as it stands. `money_is`: untouched, withdrawn, reinstated or lost."""

    id: UUID
    payment_id: UUID
    provider: str
    reference: str
    state: str
    money_is: str
    money: Money
    reason: str
    evidence_due_at: datetime | None
    revision: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """How many sales, and how many disputes were opened on them."""

    sales: int
    disputes: int


def dispute_of(row: DisputeRow) -> Dispute:
    """The value of a row."""
    return Dispute(
        id=row.id,
        payment_id=row.payment_id,
        provider=row.provider,
        reference=row.provider_dispute_id,
        state=row.state,
        money_is=row.money,
        money=Money(row.amount, row.currency),
        reason=row.reason,
        evidence_due_at=row.evidence_due_at,
        revision=row.revision,
        created_at=row.created_at,
    )


async def by_id(session: AsyncSession, dispute_id: UUID) -> Dispute | None:
    """One dispute."""
    row = await session.get(DisputeRow, dispute_id)
    return None if row is None else dispute_of(row)


async def of_payment(session: AsyncSession, payment_id: UUID, *, after: UUID | None, limit: int) -> list[Dispute]:
    """A payment's disputes, oldest first; `after` is the last id of the page before."""
    statement = select(DisputeRow).where(DisputeRow.payment_id == payment_id).order_by(DisputeRow.id).limit(limit)
    if after is not None:
        statement = statement.where(DisputeRow.id > after)
    return [dispute_of(row) for row in await session.scalars(statement)]


async def is_money_gone(session: AsyncSession, payment_id: UUID) -> bool:
    """Whether a dispute holds the payment's money, or has lost it."""
    found: UUID | None = await session.scalar(
        select(DisputeRow.id)
        .where(DisputeRow.payment_id == payment_id, DisputeRow.money.in_(("withdrawn", "lost")))
        .limit(1)
    )
    return found is not None


async def rate(session: AsyncSession, seller_id: UUID, *, since: datetime) -> Rate:
    """A seller's sales that were captured since then, and the disputes on them."""
    row = (
        await session.execute(
            select(func.count(func.distinct(PaymentRow.id)), func.count(DisputeRow.id))
            .select_from(PaymentRow)
            .outerjoin(DisputeRow, DisputeRow.payment_id == PaymentRow.id)
            .where(PaymentRow.seller_id == seller_id, PaymentRow.captured_at >= since)
        )
    ).one()
    return Rate(*row)
