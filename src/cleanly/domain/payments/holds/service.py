"""Holds, inside the caller's transaction: made at a capture, lowered by refunds and disputes, released in batches.

Always true: a seller's pending and reserve are the sums of the seller's open holds. Locks go payment, its own hold,
the seller's reserve (oldest first), ledger. A release waits for no hold: what is locked waits for the next run.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments.holds import queries, rules
from cleanly.domain.payments.holds.models import HoldTermsRow
from cleanly.domain.payments.holds.schemas import HoldTerms, HoldTermsIn
from cleanly.domain.payments.models import HoldRow, PaymentRow
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.domain.users import queries as users
from cleanly.kernel.errors import NotFound
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit

_RESERVE_PAGE = 50


async def begin(session: AsyncSession, payment: PaymentRow, *, now: datetime, settings: PaymentSettings) -> None:
    """Keep a seller's share back, in the transaction that books the capture. None of it: nothing to keep."""
    if payment.seller_id is None or payment.seller_left == 0:
        return
    terms = await queries.terms_of(session, payment.seller_id, settings)
    session.add(
        HoldRow(
            payment_id=payment.id,
            seller_id=payment.seller_id,
            kind="pending",
            currency=payment.currency,
            amount=payment.seller_left,
            remaining=payment.seller_left,
            release_at=rules.release_at(now, hold_days=terms.hold_days),
            created_at=now,
        )
    )


async def lock_own(session: AsyncSession, payment_id: UUID) -> HoldRow | None:
    """A payment's own hold, if it still holds something, locked. The payment's row is locked before."""
    return await session.scalar(
        select(HoldRow)
        .where(
            HoldRow.payment_id == payment_id,
            HoldRow.kind == "pending",
            HoldRow.released_at.is_(None),
            HoldRow.remaining > 0,
        )
        .with_for_update()
    )


async def lock_reserve(session: AsyncSession, seller_id: UUID, currency: str, amount: int) -> list[HoldRow]:
    """As many of a seller's reserve holds as cover the amount, or all, oldest first. After `lock_own`."""
    found: list[HoldRow] = []
    after: tuple[datetime, UUID] | None = None
    while amount > 0:
        query = (
            select(HoldRow)
            .where(
                HoldRow.seller_id == seller_id,
                HoldRow.currency == currency,
                HoldRow.kind == "reserve",
                HoldRow.released_at.is_(None),
                HoldRow.remaining > 0,
            )
            .order_by(HoldRow.release_at, HoldRow.id)
            .limit(min(_RESERVE_PAGE, amount))
            .with_for_update()
        )
        if after is not None:
            query = query.where(tuple_(HoldRow.release_at, HoldRow.id) > after)
        rows = (await session.scalars(query)).all()
        if not rows:
            break
        found += rows
        amount -= sum(row.remaining for row in rows)
        last = rows[-1]
        after = (last.release_at or last.created_at, last.id)
    return found


def take(holds: Iterable[HoldRow], amount: int) -> None:
    """Lower locked holds by an amount that they cover, in their order."""
    for hold in holds:
        part = min(hold.remaining, amount)
        hold.remaining -= part
        amount -= part


async def agree(
    session: AsyncSession,
    seller_id: UUID,
    body: HoldTermsIn,
    *,
    settings: PaymentSettings,
    now: datetime,
    caller: Caller,
    origin: Origin,
) -> HoldTerms:
    """Set a seller's own terms. The days hold for captures from now on, the reserve for whatever is released.

    Raises:
        NotFound: no such user.
    """
    if await users.by_id(session, seller_id) is None:
        raise NotFound
    values = {"hold_days": body.hold_days, "reserve_basis_points": body.reserve_basis_points}
    await session.execute(
        insert(HoldTermsRow)
        .values(seller_id=seller_id, updated_at=now, **values)
        .on_conflict_do_update(index_elements=["seller_id"], set_={**values, "updated_at": now})
    )
    await audit.record(
        session,
        "hold_terms.agreed",
        at=now,
        origin=origin,
        actor_id=caller.user_id,
        target_id=seller_id,
        details=values,
    )
    terms = await queries.terms_of(session, seller_id, settings)
    return HoldTerms(
        seller_id=seller_id,
        hold_days=terms.hold_days,
        reserve_basis_points=terms.reserve_basis_points,
        is_agreed=True,
    )


async def end_terms(session: AsyncSession, seller_id: UUID, *, now: datetime, caller: Caller, origin: Origin) -> None:
    """Go back to the usual terms; again: nothing happens."""
    ended: UUID | None = await session.scalar(
        delete(HoldTermsRow).where(HoldTermsRow.seller_id == seller_id).returning(HoldTermsRow.seller_id)
    )
    if ended is not None:
        await audit.record(
            session, "hold_terms.ended", at=now, origin=origin, actor_id=caller.user_id, target_id=seller_id
        )
