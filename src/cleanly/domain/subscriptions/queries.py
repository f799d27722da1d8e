"""Read subscriptions as frozen values."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.subscriptions.models import IS_LIVE, SubscriptionRow
from cleanly.domain.subscriptions.rules import Facts, State


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as it stands. `reference`: the provider's id, of Google Play the token: never shown."""

    id: UUID
    user_id: UUID
    seller_id: UUID | None
    plan_group_id: UUID
    product_id: UUID
    provider: str
    provider_account: str
    customer: str | None
    reference: str | None
    facts: Facts
    trial_days: int | None
    alarm: str | None
    must_acknowledge: bool
    revision: int
    looked_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def state(self) -> State:
        """Its state."""
        return self.facts.state

    @property
    def price_id(self) -> UUID:
        """The price of the running period."""
        return self.facts.price_id


def facts_of(row: SubscriptionRow) -> Facts:
    """What a look may change."""
    return Facts(
        state=cast("State", row.state),
        price_id=row.price_id,
        period_start=row.period_start,
        period_end=row.period_end,
        paid_until=row.paid_until,
        trial_end=row.trial_end,
        cancel_at_period_end=row.cancel_at_period_end,
        pending_price_id=row.pending_price_id,
        grace_until=row.grace_until,
        resumes_at=row.resumes_at,
        ended_at=row.ended_at,
        decline_code=row.decline_code,
    )


def subscription_of(row: SubscriptionRow) -> Subscription:
    """The value of a row."""
    return Subscription(
        id=row.id,
        user_id=row.user_id,
        seller_id=row.seller_id,
        plan_group_id=row.plan_group_id,
        product_id=row.product_id,
        provider=row.provider,
        provider_account=row.provider_account,
        customer=row.provider_customer,
        reference=row.provider_subscription_id,
        facts=facts_of(row),
        trial_days=row.trial_days,
        alarm=row.alarm,
        must_acknowledge=row.must_acknowledge,
        revision=row.revision,
        looked_at=row.looked_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def by_id(session: AsyncSession, subscription_id: UUID) -> Subscription | None:
    """One subscription."""
    row = await session.get(SubscriptionRow, subscription_id, populate_existing=True)
    return None if row is None else subscription_of(row)


async def by_reference(session: AsyncSession, provider: str, account: str, reference: str) -> Subscription | None:
    """By the provider's id, or the purchase's token."""
    row = await session.scalar(
        select(SubscriptionRow).where(
            SubscriptionRow.provider == provider,
            SubscriptionRow.provider_account == account,
            SubscriptionRow.provider_subscription_id == reference,
        )
    )
    return None if row is None else subscription_of(row)


async def live_of(session: AsyncSession, user_id: UUID, plan_group_id: UUID) -> Subscription | None:
    """The one live subscription of a user in a group of plans."""
    row = await session.scalar(
        select(SubscriptionRow).where(
            SubscriptionRow.user_id == user_id, SubscriptionRow.plan_group_id == plan_group_id, IS_LIVE
        )
    )
    return None if row is None else subscription_of(row)


async def has_had(session: AsyncSession, user_id: UUID, plan_group_id: UUID) -> bool:
    """Whether the user has ever had something of this group, a trial too."""
    query = select(SubscriptionRow.id).where(
        SubscriptionRow.user_id == user_id,
        SubscriptionRow.plan_group_id == plan_group_id,
        SubscriptionRow.paid_until.is_not(None),
    )
    return await session.scalar(query.limit(1)) is not None


async def of_user(session: AsyncSession, user_id: UUID, *, after: UUID | None, limit: int) -> list[Subscription]:
    """A user's subscriptions, newest first; `after` is the last id of the page before."""
    statement = select(SubscriptionRow).where(SubscriptionRow.user_id == user_id)
    if after is not None:
        statement = statement.where(SubscriptionRow.id < after)
    rows = await session.scalars(statement.order_by(SubscriptionRow.id.desc()).limit(limit))
    return [subscription_of(row) for row in rows]


async def oldest_unacknowledged(session: AsyncSession) -> datetime | None:
    """Since when the oldest Play purchase waits to be acknowledged."""
    found: datetime | None = await session.scalar(
        select(func.min(SubscriptionRow.created_at)).where(SubscriptionRow.must_acknowledge)
    )
    return found
