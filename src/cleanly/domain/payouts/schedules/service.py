"""Schedules, inside the caller's transaction: set, claimed when due, and what a due seller is paid."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import queries as books
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import Posting, chart
from cleanly.domain.payouts.accounts.queries import PayoutAccount
from cleanly.domain.payouts.schedules import messages, queries, rules
from cleanly.domain.payouts.schedules.models import PayoutScheduleRow
from cleanly.domain.payouts.schedules.queries import Schedule, schedule_of
from cleanly.domain.payouts.schedules.rules import Rhythm
from cleanly.domain.payouts.sending import asking
from cleanly.domain.payouts.sending.errors import PayoutOpen
from cleanly.kernel.context import Context
from cleanly.kernel.money import Money
from cleanly.platform.jobs import service as jobs


async def set_schedule(
    session: AsyncSession, seller_id: UUID, rhythm: Rhythm, minimums: Mapping[str, int], *, now: datetime
) -> Schedule:
    """Pay this seller so from now on."""
    values = {
        "interval": rhythm.interval,
        "weekday": rhythm.weekday,
        "day": rhythm.day,
        "minimums": dict(minimums),
        "next_at": rules.next_at(rhythm, after=now),
        "updated_at": now,
    }
    await session.execute(
        insert(PayoutScheduleRow)
        .values(seller_id=seller_id, **values)
        .on_conflict_do_update(index_elements=["seller_id"], set_=values)
    )
    row = await session.get_one(PayoutScheduleRow, seller_id, populate_existing=True)
    return schedule_of(row)


async def claim_due(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Ask for the work on schedules that are due and that nobody else has locked; each is set on its next time.

    One that was due several times while nobody ran is due once.
    """
    rows = await session.scalars(
        select(PayoutScheduleRow)
        .where(PayoutScheduleRow.next_at <= now)
        .order_by(PayoutScheduleRow.next_at, PayoutScheduleRow.seller_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(rows)
    for row in found:
        row.next_at = rules.next_at(schedule_of(row).rhythm, after=now)
        await jobs.enqueue(
            session,
            messages.PAY_SELLER,
            messages.DueSeller(seller_id=row.seller_id),
            lock=f"pay_seller:{row.seller_id}",
        )
    await session.flush()
    return len(found)


async def pay_seller(session: AsyncSession, context: Context, seller_id: UUID) -> int:
    """Ask for a payout of what is available in each currency, where there is enough; how many.

    Where one is open, this time is left out. Posts to the ledger as its last statement.

    Raises:
        InsufficientBalance: it was spent at the same moment: the job is tried again.
    """
    now = context.clock.now()
    schedule = await queries.of_seller(session, seller_id)
    account = await asking.destination(session, seller_id)
    if account is None:
        return 0
    postings: list[Posting] = []
    for money in await _payable(session, seller_id, account, schedule):
        try:
            _, posting = await asking.scheduled(session, context, account, money, now=now)
        except PayoutOpen:  # this time is left out
            continue
        postings.append(posting)
    if postings:
        await ledger.post(session, *postings)
    return len(postings)


async def _payable(session: AsyncSession, seller_id: UUID, account: PayoutAccount, schedule: Schedule) -> list[Money]:
    """What can be paid of each balance. Not locked, for locks go payout, ledger: what is spent meanwhile is refused."""
    found: list[Money] = []
    for one in await books.balances(session, seller_id):
        if one.name != chart.AVAILABLE.name or one.amount <= 0:
            continue
        money = asking.payable_of(account.provider, Money(one.amount, one.currency))
        if money.amount and money.amount >= schedule.minimums.get(one.currency, 1):
            found.append(money)
    return found


async def forget(session: AsyncSession, seller_id: UUID) -> None:
    """A person who leaves is paid by hand."""
    await session.execute(delete(PayoutScheduleRow).where(PayoutScheduleRow.seller_id == seller_id))
