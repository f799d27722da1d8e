"""What was asked of subscriptions, inside the caller's transaction: one thing at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.subscriptions.changes import rules
from cleanly.domain.subscriptions.changes.rules import Kind, Wish
from cleanly.domain.subscriptions.models import ChangeRow
from cleanly.domain.subscriptions.rules import CALL_TIME
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.billing import SubscriptionSnapshot


@dataclass(frozen=True, slots=True)
class Open:
    """What is asked and not done. `waits`: the provider has it, and waits for the subscriber to confirm its payment."""

    id: UUID
    wish: Wish
    money: Money | None
    waits: bool

    def is_for(self, wish: Wish) -> bool:
        """Whether it is this very thing."""
        return (self.wish.kind, self.wish.to_price_id) == (wish.kind, wish.to_price_id)


async def open_of(session: AsyncSession, subscription_id: UUID) -> Open | None:
    """What is asked and not done."""
    row = await _open(session, subscription_id)
    return None if row is None else Open(row.id, _wish(row), _money(row), row.waits_until is not None)


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


async def settle(
    session: AsyncSession, subscription_id: UUID, seen: SubscriptionSnapshot, *, due_at: datetime | None, now: datetime
) -> datetime | None:
    """Close what a look shows as done, or as given up. When what is open still is asked again, or looked at.

    The subscription's row is locked. `due_at`: when it is looked at by now.
    """
    row = await _open(session, subscription_id)
    if row is None:
        return None
    wish = _wish(row)
    waits_until = rules.waits_until(seen, wish)
    is_done = rules.is_shown(seen, wish)
    if not is_done and waits_until is None and row.waits_until is None:
        # A look must not put off what is asked again by the clock.
        return min(due_at or now + CALL_TIME, now + CALL_TIME)
    row.waits_until = waits_until
    for call in await calls.open_calls(session, (operation(wish.kind),), row.id):
        await calls.end_call(session, call.id, "succeeded", now=now, provider_object=seen.reference)
    if is_done or waits_until is None:
        row.state, row.done_at = "done" if is_done else "refused", now
        return None
    return max(waits_until, now) + CALL_TIME


async def refuse(session: AsyncSession, change_id: UUID, *, now: datetime) -> None:
    """The provider definitely refused; or it waits for the subscriber, who wants something else by now."""
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
