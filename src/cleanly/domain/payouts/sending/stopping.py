"""The switch that stops payouts, inside the caller's transaction: faulty books throw it, a person resets it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.sending.models import PayoutStopRow
from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import SYSTEM, Caller, Origin
from cleanly.platform.audit import service as audit


async def stop(
    session: AsyncSession, reason: str, *, now: datetime, caller: Caller | None = None, origin: Origin = SYSTEM
) -> bool:
    """No payout is sent from now on; False if that was so before."""
    by = None if caller is None else caller.user_id
    made: UUID | None = await session.scalar(
        insert(PayoutStopRow)
        .values(id=new_id(), switch="payouts", reason=reason, stopped_by=by, stopped_at=now)
        .on_conflict_do_nothing(index_elements=["switch"], index_where=text("resumed_at IS NULL"))
        .returning(PayoutStopRow.id)
    )
    if made is not None:
        await audit.record(
            session, "payouts.stopped", at=now, origin=origin, actor_id=by, target_id=made, details={"reason": reason}
        )
    return made is not None


async def resume(
    session: AsyncSession, *, now: datetime, caller: Caller | None = None, origin: Origin = SYSTEM
) -> bool:
    """Payouts are sent again; False if they were."""
    by = None if caller is None else caller.user_id
    ended: UUID | None = await session.scalar(
        update(PayoutStopRow)
        .where(PayoutStopRow.resumed_at.is_(None))
        .values(resumed_by=by, resumed_at=now)
        .returning(PayoutStopRow.id)
    )
    if ended is not None:
        await audit.record(session, "payouts.resumed", at=now, origin=origin, actor_id=by, target_id=ended)
    return ended is not None
