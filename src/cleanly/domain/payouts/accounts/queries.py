"""Read sellers' accounts as frozen values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.accounts.models import PayoutAccountRow
from cleanly.domain.payouts.accounts.rules import State


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """One seller's account at one provider. Pay there only if `payouts_enabled` and the state is `enabled`.

    `destination_changed_at`: None for the first that the seller ever gave. `verified_at`: when it was shown that
    somebody receives what is sent there. `revision`: what a snapshot must still find.
    """

    id: UUID
    seller_id: UUID
    provider: str
    provider_account: str
    reference: str | None
    country: str
    email: str | None
    payee: str | None
    state: State
    charges_enabled: bool
    payouts_enabled: bool
    requirements: tuple[str, ...]
    disabled_reason: str | None
    destination_last4: str | None
    destination_fingerprint: str | None
    destination_changed_at: datetime | None
    is_default: bool
    revision: int
    looked_at: datetime | None
    enabled_at: datetime | None
    verified_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator looks for."""

    state: str | None = None
    provider: str | None = None
    seller_id: UUID | None = None


async def of_seller(session: AsyncSession, seller_id: UUID) -> list[PayoutAccount]:
    """Those in use, the one by which payouts go first, then the newest."""
    rows = await session.scalars(
        select(PayoutAccountRow)
        .where(PayoutAccountRow.seller_id == seller_id, PayoutAccountRow.ended_at.is_(None))
        .order_by(PayoutAccountRow.is_default.desc(), PayoutAccountRow.id.desc())
    )
    return [account_of(row) for row in rows]


async def by_id(session: AsyncSession, account_id: UUID) -> PayoutAccount | None:
    """The account, in use or given up."""
    row = await session.get(PayoutAccountRow, account_id)
    return None if row is None else account_of(row)


async def live(session: AsyncSession, seller_id: UUID, provider: str) -> PayoutAccount | None:
    """A seller's account in use at a provider."""
    row = await session.scalar(
        select(PayoutAccountRow).where(
            PayoutAccountRow.seller_id == seller_id,
            PayoutAccountRow.provider == provider,
            PayoutAccountRow.ended_at.is_(None),
        )
    )
    return None if row is None else account_of(row)


async def by_reference(
    session: AsyncSession, provider: str, provider_account: str, *, reference: str
) -> PayoutAccount | None:
    """By the provider's id of it; the newest."""
    row = await session.scalar(
        select(PayoutAccountRow)
        .where(
            PayoutAccountRow.provider == provider,
            PayoutAccountRow.provider_account == provider_account,
            PayoutAccountRow.reference == reference,
        )
        .order_by(PayoutAccountRow.id.desc())
        .limit(1)
    )
    return None if row is None else account_of(row)


async def waiting(session: AsyncSession, *, now: datetime, limit: int) -> list[PayoutAccount]:
    """Those to be looked at again, longest unseen first.

    First what waits for its provider or its seller: hourly, after a quiet week daily. Then what can be paid: daily, for
    the provider may have had second thoughts. Of a bare payee no provider tells anything.
    """
    waits = PayoutAccountRow.state.in_(["pending", "restricted"])
    rows = await session.scalars(
        select(PayoutAccountRow)
        .where(
            PayoutAccountRow.ended_at.is_(None),
            PayoutAccountRow.reference.is_not(None),
            or_(waits, and_(PayoutAccountRow.state == "enabled", PayoutAccountRow.payee.is_(None))),
            PayoutAccountRow.looked_at <= now - timedelta(hours=1),
            or_(
                and_(waits, PayoutAccountRow.updated_at > now - timedelta(days=7)),
                PayoutAccountRow.looked_at <= now - timedelta(days=1),
            ),
        )
        .order_by(waits.desc(), PayoutAccountRow.looked_at)
        .limit(limit)
    )
    return [account_of(row) for row in rows]


async def page(session: AsyncSession, wanted: Wanted, *, after: UUID | None, limit: int) -> list[PayoutAccount]:
    """Newest first, those that were given up too."""
    query = select(PayoutAccountRow).order_by(PayoutAccountRow.id.desc()).limit(limit)
    if wanted.state is not None:
        query = query.where(PayoutAccountRow.state == wanted.state)
    if wanted.provider is not None:
        query = query.where(PayoutAccountRow.provider == wanted.provider)
    if wanted.seller_id is not None:
        query = query.where(PayoutAccountRow.seller_id == wanted.seller_id)
    if after is not None:
        query = query.where(PayoutAccountRow.id < after)
    return [account_of(row) for row in await session.scalars(query)]


async def has_destination(session: AsyncSession, seller_id: UUID) -> bool:
    """Whether the seller has ever given one, here or elsewhere."""
    found = await session.scalar(
        select(PayoutAccountRow.id)
        .where(PayoutAccountRow.seller_id == seller_id, PayoutAccountRow.destination_fingerprint.is_not(None))
        .limit(1)
    )
    return found is not None


def account_of(row: PayoutAccountRow) -> PayoutAccount:
    """A row's value."""
    return PayoutAccount(
        id=row.id,
        seller_id=row.seller_id,
        provider=row.provider,
        provider_account=row.provider_account,
        reference=row.reference,
        country=row.country,
        email=row.email,
        payee=row.payee,
        state=cast("State", row.state),
        charges_enabled=row.charges_enabled,
        payouts_enabled=row.payouts_enabled,
        requirements=tuple(row.requirements),
        disabled_reason=row.disabled_reason,
        destination_last4=row.destination_last4,
        destination_fingerprint=row.destination_fingerprint,
        destination_changed_at=row.destination_changed_at,
        is_default=row.is_default,
        revision=row.revision,
        looked_at=row.looked_at,
        enabled_at=row.enabled_at,
        verified_at=row.verified_at,
        ended_at=row.ended_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
