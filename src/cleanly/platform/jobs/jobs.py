"""The queue's own upkeep: which task runs which function."""

from datetime import timedelta

import structlog

from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob
from cleanly.platform.jobs import metrics, service
from cleanly.platform.jobs.messages import RECOVER_STALLED, SWEEP
from cleanly.platform.jobs.settings import JobsSettings

_log = structlog.get_logger(__name__)


async def recover_stalled(context: Context, _tick: Tick) -> None:
    """Give the jobs of killed workers to those that live."""
    settings = context.part(JobsSettings)
    while True:
        async with context.db.begin() as session:
            found = await service.recover_stalled(session, stalled_seconds=settings.jobs_stalled_seconds)
        for job in found:
            outcome: metrics.Outcome = "dead" if job.is_dead else "stalled"
            metrics.count(job.task, outcome)
            write = _log.error if job.is_dead else _log.warning
            write("job_finished", task=job.task, job_id=job.id, attempt=job.attempt, outcome=outcome)
        if not found:
            return


async def sweep(context: Context, _tick: Tick) -> None:
    """Forget jobs that have been finished, or dead, for long enough; batch by batch."""
    settings = context.part(JobsSettings)
    for is_dead, days in ((False, settings.jobs_keep_days), (True, settings.jobs_dead_keep_days)):
        before = context.clock.now() - timedelta(days=days)
        last_id: int | None = 0
        while last_id is not None:
            async with context.db.begin(deadline_seconds=settings.jobs_transaction_seconds_max) as session:
                swept = await service.sweep(session, before=before, dead=is_dead, after_id=last_id)
            last_id = swept.last_id


JOBS = (FlowJob(RECOVER_STALLED, recover_stalled), FlowJob(SWEEP, sweep))
CRONS = (Cron("* * * * *", RECOVER_STALLED), Cron("17 * * * *", SWEEP))
