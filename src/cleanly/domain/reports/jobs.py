"""Every night: the day that is over, and those that an outage has left out."""

import structlog

from cleanly.domain.reports import queries, rules, service
from cleanly.domain.reports.messages import DAILY
from cleanly.domain.reports.settings import ReportSettings
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob
from cleanly.platform.mail.service import Mailer

_log = structlog.get_logger(__name__)
SECONDS_MAX = 900


async def daily(context: Context, _tick: Tick) -> None:
    """Each day in transactions of its own: a crash leaves the rest to the next run, and a day is told once."""
    now, settings = context.clock.now(), context.part(ReportSettings)
    async with context.db.begin() as session:
        newest = await queries.newest_day(session)
    for day in rules.days_due(newest, now=now):
        async with context.db.begin(deadline_seconds=SECONDS_MAX) as session:
            figures = await service.count(session, day, seconds_max=SECONDS_MAX)
        async with context.db.begin() as session:
            is_new = await service.keep(
                session, day, figures, context.part(Mailer), recipients=settings.report_recipients, now=now
            )
        if is_new:
            _log.info("daily_report", day=day.isoformat(), is_well=figures.health.is_well)


JOBS = (FlowJob(DAILY, daily),)
# After midnight in UTC, when what was begun in the last second of the day has been committed.
CRONS = (Cron("20 0 * * *", DAILY),)
