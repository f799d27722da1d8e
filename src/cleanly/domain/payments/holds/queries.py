"""Read holds and terms as frozen values."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments.holds.models import HoldTermsRow
from cleanly.domain.payments.holds.rules import Terms
from cleanly.domain.payments.models import HoldRow
from cleanly.domain.payments.settings import PaymentSettings


@dataclass(frozen=True, slots=True)
class Difference:
    """A seller's balance that is not the sum of the seller's open holds. `balance`: pending or reserve."""

    seller_id: UUID
    currency: str
    balance: str
    booked: int
    held: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """Holds whose time is over. `unknown`: the provider has not said when the money is available; `waiting`: it has."""

    unknown: int
    waiting: int


async def terms_of(session: AsyncSession, seller_id: UUID, settings: PaymentSettings) -> Terms:
    """What holds for a seller's sales now."""
    return (await terms_of_all(session, [seller_id], settings))[seller_id]


async def terms_of_all(
    session: AsyncSession, seller_ids: Collection[UUID], settings: PaymentSettings
) -> dict[UUID, Terms]:
    """The same for many, in one look."""
    usual = Terms(settings.hold_days, settings.reserve_basis_points)
    found = dict.fromkeys(seller_ids, usual)
    for row in await session.scalars(select(HoldTermsRow).where(HoldTermsRow.seller_id.in_(seller_ids))):
        found[row.seller_id] = Terms(
            usual.hold_days if row.hold_days is None else row.hold_days,
            usual.reserve_basis_points if row.reserve_basis_points is None else row.reserve_basis_points,
        )
    return found


async def agreed(session: AsyncSession, seller_id: UUID) -> bool:
    """Whether a seller has terms of the seller's own."""
    return await session.get(HoldTermsRow, seller_id) is not None


async def overdue(session: AsyncSession, *, now: datetime) -> Overdue:
    """How many should have gone by now, and what they wait for."""
    unknown = HoldRow.available_on.is_(None)
    row = (
        await session.execute(
            select(func.count().filter(unknown), func.count().filter(~unknown)).where(
                HoldRow.released_at.is_(None), HoldRow.release_at <= now
            )
        )
    ).one()
    return Overdue(*row)


_DIFFERENCES = text(
    """
    SELECT coalesce(held.seller_id, booked.owner_id), coalesce(held.currency, booked.currency),
        coalesce(held.kind, booked.name), coalesce(booked.posted, 0)::bigint, coalesce(held.amount, 0)::bigint
    FROM (
        SELECT seller_id, currency, kind, sum(remaining) AS amount FROM holds
        WHERE released_at IS NULL GROUP BY seller_id, currency, kind
    ) AS held
    FULL JOIN (
        SELECT owner_id, currency, name, posted FROM ledger_totals
        WHERE owner_id IS NOT NULL AND name IN ('pending', 'reserve')
    ) AS booked ON booked.owner_id = held.seller_id AND booked.currency = held.currency AND booked.name = held.kind
    WHERE coalesce(booked.posted, 0) <> coalesce(held.amount, 0)
    ORDER BY 1, 2, 3 LIMIT 1000
    """
)


async def differences(session: AsyncSession) -> list[Difference]:
    """Must be empty: every pending and reserve balance is explained by open holds. One statement, so one snapshot."""
    return [Difference(*row) for row in await session.execute(_DIFFERENCES)]
