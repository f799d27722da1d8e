"""What was asked of subscriptions, inside the caller's transaction: one thing at a time."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.subscriptions.changes import rules
from cleanly.domain.subscriptions.changes.rules import Kind, Wish
from cleanly.domain.subscriptions.models import ChangeRow
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.billing import SubscriptionSnapshot


async def open_of(session: AsyncSession, subscription_id: UUID) -> tuple[UUID, Wish, Money | None] | None:
    """What is asked and not answered."""
    row = await _open(session, subscription_id)
    return None if row is None else (row.id, _wish(row), _money(row))


async def begin(
    session: AsyncSession,
    subscription_id: UUID,
    wish: Wish,
    *,
    from_price_id: UUID,
    money: Money | None,
    now: datetime,
) -> UUID:
    """Write down what is asked; the subscription's row is locked and nothing is open. Returns its id."""
    row = ChangeRow(
        id=new_id(),
        subscription_id=subscription_id,
        kind=wish.kind,
        state="open",
        from_price_id=from_price_id if wish.kind == "price" else None,
        to_price_id=wish.to_price_id,
        currency=None if money is None else money.currency,
        amount=None if money is None else money.amount,
        effective_at=wish.effective_at,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row.id


async def settle(session: AsyncSession, subscription_id: UUID, seen: SubscriptionSnapshot, *, now: datetime) -> bool:
    """Close what a look shows as done; whether something is open still. The subscription's row is locked."""
    row = await _open(session, subscription_id)
    if row is None or not rules.is_shown(seen, _wish(row)):
        return row is not None
    row.state, row.done_at = "done", now
    for call in await calls.open_calls(session, (operation(_wish(row).kind),), row.id):
        await calls.end_call(session, call.id, "succeeded", now=now, provider_object=seen.reference)
    return False


async def refuse(session: AsyncSession, change_id: UUID, *, now: datetime) -> None:
    """The provider definitely refused."""
    await session.execute(
        update(ChangeRow)
        .where(ChangeRow.id == change_id, ChangeRow.state == "open")
        .values(state="refused", done_at=now)
    )


def operation(kind: Kind) -> str:
    """How its call is named."""
    return f"subscription_{kind}"


async def _open(session: AsyncSession, subscription_id: UUID) -> ChangeRow | None:
    row: ChangeRow | None = await session.scalar(
        select(ChangeRow).where(ChangeRow.subscription_id == subscription_id, ChangeRow.state == "open")
    )
    return row


def _wish(row: ChangeRow) -> Wish:
    return Wish(kind=cast("Kind", row.kind), to_price_id=row.to_price_id, effective_at=row.effective_at)


def _money(row: ChangeRow) -> Money | None:
    return None if row.amount is None or row.currency is None else Money(row.amount, row.currency)
