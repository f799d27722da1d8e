"""What was taken last."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.cron.models import CronTick


async def last_taken(session: AsyncSession) -> dict[str, datetime]:
    """Each schedule's latest tick that somebody has taken."""
    rows = await session.execute(select(CronTick.name, func.max(CronTick.due_at)).group_by(CronTick.name))
    return {name: due_at for name, due_at in rows}  # noqa: C416 - rows are no pairs to a type checker
