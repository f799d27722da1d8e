"""What a purchase lets its buyer use, written in the commit that moves the purchase's money."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.entitlements import service as entitlements
from cleanly.domain.payments.disputes.models import DisputeRow
from cleanly.domain.payments.models import PaymentRow
from cleanly.platform.cache.service import Cache


async def settle(session: AsyncSession, cache: Cache, row: PaymentRow, *, now: datetime) -> None:
    """Something digital, from the capture on; until all of it was given back, or its dispute was lost.

    The payment's row must be locked; what was changed about it is flushed here.
    """
    access = await catalog.access_of(session, row.price_id)
    if access is None:
        return
    await session.flush()
    grant = None
    if row.captured_at is not None and await _stands(session, row):
        grant = entitlements.bought(access.product_id, row.captured_at, access_days=access.days, quantity=row.quantity)
    await entitlements.entitle(
        session, cache, user_id=row.buyer_id, source="payment", source_id=row.id, grant=grant, now=now
    )


async def _stands(session: AsyncSession, row: PaymentRow) -> bool:
    if row.state != "captured" or row.refunded_amount >= row.captured_amount:
        return False
    was_lost = exists().where(DisputeRow.payment_id == row.id, DisputeRow.state == "lost")
    return not await session.scalar(select(was_lost))
