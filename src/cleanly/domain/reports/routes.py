"""/admin/reports: what each day was."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path

from cleanly.domain.reports import queries
from cleanly.domain.reports.queries import DailyReport
from cleanly.domain.reports.schemas import DailyReportOut, DailyReportsOut
from cleanly.kernel.errors import Forbidden, NotFound, ValidationFailed
from cleanly.kernel.http import Admin, Ctx, Cursor, Limit, Route, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors

_LIST = "daily reports"
router = APIRouter(prefix="/admin/reports", tags=["admin"], route_class=Route)


@router.get("", summary="List daily reports", responses=refusals(Forbidden, ValidationFailed, signed_in=True))
async def list_daily_reports(
    _admin: Admin, context: Ctx, *, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> DailyReportsOut:
    """Newest first. For admins."""
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    async with context.db.read() as session:
        before = date.fromisoformat(after[0]) if after else None
        found = await queries.page(session, before=before, limit=limit + 1)
    page = cursors.page(_LIST, found, limit, "day")
    return DailyReportsOut(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@router.get(
    "/{day}",
    summary="One day's report",
    responses=refusals(Forbidden, NotFound, ValidationFailed, signed_in=True),
)
async def read_daily_report(
    day: Annotated[date, Path(description="A day in UTC, like 2026-11-22")], _admin: Admin, context: Ctx
) -> DailyReportOut:
    """The day has to be over. For admins."""
    async with context.db.read() as session:
        found = await queries.of_day(session, day)
    if found is None:
        raise NotFound
    return _shown(found)


def _shown(one: DailyReport) -> DailyReportOut:
    return DailyReportOut.model_validate({"day": one.day, "made_at": one.made_at, **one.figures})
