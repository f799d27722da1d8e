"""Agree on a fee with a seller, or go back to the usual one, inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog.fees.schemas import SellerFee, SellerFeeIn
from cleanly.domain.catalog.models import SellerFeeRow
from cleanly.domain.users import queries as users
from cleanly.kernel.errors import NotFound
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit


async def agree(
    session: AsyncSession, seller_id: UUID, body: SellerFeeIn, *, now: datetime, caller: Caller, origin: Origin
) -> SellerFee:
    """Set the seller's own fee. Sales that were made keep theirs: a payment pins it.

    Raises:
        NotFound: no such user.
    """
    if await users.by_id(session, seller_id) is None:
        raise NotFound
    values = {"basis_points": body.basis_points, "fixed": dict(body.fixed), "updated_at": now}
    await session.execute(
        insert(SellerFeeRow)
        .values(seller_id=seller_id, **values)
        .on_conflict_do_update(index_elements=["seller_id"], set_=values)
    )
    await audit.record(
        session,
        "seller_fee.agreed",
        at=now,
        origin=origin,
        actor_id=caller.user_id,
        target_id=seller_id,
        details={"basis_points": body.basis_points, "fixed": dict(body.fixed)},
    )
    return SellerFee(seller_id=seller_id, basis_points=body.basis_points, fixed=body.fixed, is_agreed=True)


async def end(session: AsyncSession, seller_id: UUID, *, now: datetime, caller: Caller, origin: Origin) -> None:
    """Go back to the usual fee; again: nothing happens."""
    ended: UUID | None = await session.scalar(
        delete(SellerFeeRow).where(SellerFeeRow.seller_id == seller_id).returning(SellerFeeRow.seller_id)
    )
    if ended is not None:
        await audit.record(
            session, "seller_fee.ended", at=now, origin=origin, actor_id=caller.user_id, target_id=seller_id
        )
