"""Who takes a tick: one row per schedule and minute, first come."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.cron.models import CronTick

_KEEP = timedelta(days=30)


async def take(session: AsyncSession, name: str, due_at: datetime) -> bool:
    """Whether this tick is the caller's; waits for another taker's commit or rollback. Old ticks are forgotten."""
    mine = insert(CronTick).values(name=name, due_at=due_at).on_conflict_do_nothing().returning(CronTick.name)
    if await session.scalar(mine) is None:
        return False
    await session.execute(delete(CronTick).where(CronTick.name == name, CronTick.due_at < due_at - _KEEP))
    return True


async def give_back(session: AsyncSession, name: str, due_at: datetime) -> None:
    """The work failed: the same tick may be taken again."""
    await session.execute(delete(CronTick).where(CronTick.name == name, CronTick.due_at == due_at))
