"""Purchases on Google Play, inside the caller's transaction. No money is posted: Google's report tells it later."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments import entitling, messages
from cleanly.domain.payments import service as payments
from cleanly.domain.payments.models import PaymentRow
from cleanly.domain.payments.play import rules
from cleanly.domain.payments.play.models import PlayPurchaseRow
from cleanly.platform.cache.service import Cache
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.purchases import ProductItem, ProductPurchase

_TOLD = {"captured": messages.PAYMENT_SUCCEEDED, "canceled": messages.PAYMENT_CANCELED}


async def apply(
    session: AsyncSession,
    cache: Cache,
    row: PaymentRow,
    purchase: ProductPurchase,
    item: ProductItem,
    *,
    can_be_bought_again: bool,
    now: datetime,
) -> None:
    """Carry out what a look means; the payment's row is locked. The same again changes nothing and says nothing."""
    seen, before = rules.judge(purchase, item), row.state
    if before == "captured":
        # Over for us, but what was paid may have been given back since.
        await give_back(session, cache, row, left=seen.left, now=now)
    else:
        row.state = seen.state
        if seen.state == "captured":
            row.captured_amount, row.captured_at = row.amount, purchase.purchased_at or now
            row.refunded_amount = row.unit_amount * (row.quantity - seen.left)
        if seen.state != before:
            row.updated_at = now
            if (kind := _TOLD.get(seen.state)) is not None:
                await payments.tell(session, row, kind, state=seen.state)
        await entitling.settle(session, cache, row, now=now)
    row.revision += 1
    row.looked_at = now
    row.check_at = now + rules.PENDING_LOOK if row.state == "processing" else None
    await _expect(
        session, row, is_due=rules.must_acknowledge(purchase, item, can_be_bought_again=can_be_bought_again), now=now
    )
    await session.flush()


async def give_back(session: AsyncSession, cache: Cache, row: PaymentRow, *, left: int, now: datetime) -> None:
    """Google has given money back: `left` pieces stand. What was given back once stays so."""
    given = row.unit_amount * (row.quantity - left)
    if row.state != "captured" or given <= row.refunded_amount:
        return
    row.refunded_amount, row.updated_at = given, now
    await entitling.settle(session, cache, row, now=now)


async def _expect(session: AsyncSession, row: PaymentRow, *, is_due: bool, now: datetime) -> None:
    """What is granted is acknowledged from a job, which exists if the grant commits."""
    found = await session.get(PlayPurchaseRow, row.id, populate_existing=True)
    if found is None:
        await session.flush()
        await session.execute(
            insert(PlayPurchaseRow).values(payment_id=row.id, must_acknowledge=is_due, created_at=now)
        )
    if is_due and (found is None or not found.must_acknowledge):
        await jobs.enqueue(session, messages.ACKNOWLEDGE, messages.Acknowledge(payment_id=row.id))
    if found is not None:
        found.must_acknowledge = is_due
