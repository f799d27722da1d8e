"""Read payouts as frozen values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import queries as ledger
from cleanly.domain.payments.disputes import queries as disputes
from cleanly.domain.payouts.sending import rules
from cleanly.domain.payouts.sending.models import PayoutRow, PayoutStopRow
from cleanly.domain.payouts.sending.rules import State
from cleanly.kernel.money import Money

PayoutState = State
# As text, word for word as the indexes have it: a parameter would hide from the planner that they agree.
IS_OPEN = text("payouts.state IN ('requested', 'held', 'sending', 'unknown', 'in_transit')")


@dataclass(frozen=True, slots=True)
class Payout:
    """One payout as it stands."""

    id: UUID
    seller_id: UUID
    payout_account_id: UUID
    provider: str
    provider_account: str
    account_reference: str
    destination: str | None
    destination_last4: str | None
    money: Money
    state: State
    is_scheduled: bool
    is_two_step: bool
    is_paid: bool
    failure_code: str | None
    held_for: tuple[str, ...]
    held_until: datetime | None
    alarm: str | None
    transfer_reference: str | None
    payout_reference: str | None
    arrives_at: datetime | None
    paid_at: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which payouts; None: any."""

    seller_id: UUID | None = None
    state: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when no payout is sent, and why."""

    reason: str
    stopped_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How many payouts are in a state, and since when the oldest of them moves."""

    state: str
    count: int
    oldest: datetime


def payout_of(row: PayoutRow) -> Payout:
    """The value of a row."""
    return Payout(
        id=row.id,
        seller_id=row.seller_id,
        payout_account_id=row.payout_account_id,
        provider=row.provider,
        provider_account=row.provider_account,
        account_reference=row.account_reference,
        destination=row.destination,
        destination_last4=row.destination_last4,
        money=Money(row.amount, row.currency),
        state=cast("State", row.state),
        is_scheduled=row.is_scheduled,
        is_two_step=row.is_two_step,
        is_paid=row.is_paid,
        failure_code=row.failure_code,
        held_for=tuple(row.held_for),
        held_until=row.held_until,
        alarm=row.alarm,
        transfer_reference=row.provider_transfer_id,
        payout_reference=row.provider_payout_id,
        arrives_at=row.arrives_at,
        paid_at=row.paid_at,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def by_id(session: AsyncSession, payout_id: UUID) -> Payout | None:
    """One payout."""
    row = await session.get(PayoutRow, payout_id)
    return None if row is None else payout_of(row)


async def by_reference(session: AsyncSession, provider: str, reference: str) -> Payout | None:
    """By the provider's id of the payout."""
    row = await session.scalar(
        select(PayoutRow)
        .where(PayoutRow.provider == provider, PayoutRow.provider_payout_id == reference)
        .order_by(PayoutRow.id.desc())
        .limit(1)
    )
    return None if row is None else payout_of(row)


async def page(session: AsyncSession, wanted: Wanted, *, after: UUID | None, limit: int) -> list[Payout]:
    """Newest first; `after` is the last id of the page before."""
    query = select(PayoutRow).order_by(PayoutRow.id.desc()).limit(limit)
    if wanted.seller_id is not None:
        query = query.where(PayoutRow.seller_id == wanted.seller_id)
    if wanted.state is not None:
        query = query.where(PayoutRow.state == wanted.state)
    if wanted.currency is not None:
        query = query.where(PayoutRow.currency == wanted.currency)
    if after is not None:
        query = query.where(PayoutRow.id < after)
    return [payout_of(row) for row in await session.scalars(query)]


async def open_of(session: AsyncSession, seller_id: UUID, currency: str) -> UUID | None:
    """A seller's payout that is not over, in one currency."""
    found: UUID | None = await session.scalar(
        select(PayoutRow.id).where(PayoutRow.seller_id == seller_id, PayoutRow.currency == currency, IS_OPEN)
    )
    return found


# Built once: a run of schedules asks it of every seller.
_PAST = select(
    exists().where(
        PayoutRow.seller_id == bindparam("seller"),
        PayoutRow.state == "paid",
        PayoutRow.destination.is_not_distinct_from(bindparam("destination")),
    ),
    select(func.count())
    .select_from(PayoutRow)
    .where(PayoutRow.seller_id == bindparam("seller"), PayoutRow.created_at > bindparam("since"))
    .scalar_subquery(),
)


async def past(
    session: AsyncSession,
    seller_id: UUID,
    currency: str,
    *,
    destination: str | None,
    changed_at: datetime | None,
    now: datetime,
) -> rules.Past:
    """What is known of a seller that decides whether somebody looks before a payout goes."""
    told = {"seller": seller_id, "destination": destination, "since": now - rules.VELOCITY_WINDOW}
    was_paid, lately = (await session.execute(_PAST, told)).one()
    balances = await ledger.balances(session, seller_id)
    rate = await disputes.rate(session, seller_id, since=now - rules.DISPUTE_WINDOW)
    return rules.Past(
        was_paid_there=was_paid,
        since_change=None if changed_at is None else now - changed_at,
        requested_lately=lately,
        owes=sum(one.amount for one in balances if one.name == "receivable" and one.currency == currency),
        sales=rate.sales,
        disputes=rate.disputes,
    )


async def stop_in_force(session: AsyncSession) -> Stop | None:
    """Why no payout is sent now; None: they are."""
    row = await session.scalar(select(PayoutStopRow).where(PayoutStopRow.resumed_at.is_(None)))
    return None if row is None else Stop(row.reason, row.stopped_at)


async def standings(session: AsyncSession) -> list[Standing]:
    """The payouts that are not over, by state."""
    rows = await session.execute(
        select(PayoutRow.state, func.count(), func.min(PayoutRow.created_at))
        .where(IS_OPEN)
        .group_by(PayoutRow.state)
        .order_by(PayoutRow.state)
    )
    return [Standing(*row) for row in rows]


async def late(session: AsyncSession, *, now: datetime, limit: int) -> list[Payout]:
    """With a provider for too long, or stuck with an alarm: sending over an hour, on its way over ten days."""
    rows = await session.scalars(
        select(PayoutRow)
        .where(
            IS_OPEN,
            (PayoutRow.state.in_(["sending", "unknown"]) & (PayoutRow.sent_at < now - timedelta(hours=1)))
            | ((PayoutRow.state == "in_transit") & (PayoutRow.sent_at < now - rules.PATIENCE)),
        )
        .order_by(PayoutRow.id)
        .limit(limit)
    )
    return [payout_of(row) for row in rows]


async def failed(session: AsyncSession, *, since: datetime, until: datetime) -> dict[str, int]:
    """How many payouts failed or came back in that time, per currency, `until` not included. Reads the whole table."""
    ended = (PayoutRow.state.in_(["failed", "returned"]), PayoutRow.updated_at >= since, PayoutRow.updated_at < until)
    rows = await session.execute(select(PayoutRow.currency, func.count()).where(*ended).group_by(PayoutRow.currency))
    return {currency: count for currency, count in rows}  # noqa: C416 - rows are no pairs to a type checker
