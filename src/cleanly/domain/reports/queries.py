"""Read reports."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.reports.models import DailyReportRow


@dataclass(frozen=True, slots=True)
class DailyReport:
    """One day's report; `figures` as `rules.Figures`, in plain values."""

    day: date
    figures: dict[str, Any]
    made_at: datetime


async def newest_day(session: AsyncSession) -> date | None:
    """The last day that has a report."""
    found: date | None = await session.scalar(select(func.max(DailyReportRow.day)))
    return found


async def of_day(session: AsyncSession, day: date) -> DailyReport | None:
    """One day's."""
    row = await session.get(DailyReportRow, day)
    return None if row is None else DailyReport(row.day, row.figures, row.made_at)


async def page(session: AsyncSession, *, before: date | None, limit: int) -> list[DailyReport]:
    """Newest first; `before` is the last day of the page before."""
    query = select(DailyReportRow).order_by(DailyReportRow.day.desc()).limit(limit)
    if before is not None:
        query = query.where(DailyReportRow.day < before)
    return [DailyReport(row.day, row.figures, row.made_at) for row in await session.scalars(query)]
