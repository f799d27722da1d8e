"""Ticks: asked of the queue by a worker, or run here and now for a platform's scheduler. Each minute due once.

The name and the minute are one unique row, shared by both ways, so they may stand beside each other. Two ticks of
one schedule may overlap when a run takes longer than its period: a handler looks for what is due now, and does not
mind company.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

import structlog

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob, Module, TxJob
from cleanly.platform.cron import metrics, queries, rules, service
from cleanly.platform.cron.settings import CronSettings
from cleanly.platform.jobs import service as jobs

_log = structlog.get_logger(__name__)
_PRIORITY = 10  # before the backlog: they are few, and one of them takes up stalled jobs
_AGAIN_SECONDS = 2.0
_SLEEP_SECONDS_MAX = 60.0


async def fire_due(context: Context, crons: Sequence[Cron], *, now: datetime) -> list[str]:
    """Ask the queue for what is due and not yet taken; the names of what this call has fired.

    After an outage of all workers only the latest missed tick of each schedule fires, and only if it is at most
    `cron_late_seconds_max` late: sixty missed minutes are one run, and last night's work does not start at noon.

    Raises:
        Unavailable: the database is away; calling again does what is left.
    """
    late_max = timedelta(seconds=context.part(CronSettings).cron_late_seconds_max)
    fired: list[str] = []
    for cron in crons:
        due_at = rules.last_due(cron.schedule, now=now)
        if now - due_at > late_max:
            continue
        async with context.db.begin() as session:
            taken = await service.take(session, cron.task.name, due_at)
            if taken:
                await jobs.enqueue(session, cron.task, Tick(due_at=rfc3339(due_at)), priority=_PRIORITY)
        if taken:
            fired.append(cron.task.name)
    return fired


async def keep_time(context: Context, crons: Sequence[Cron], *, stop: asyncio.Event) -> None:
    """Fire each schedule when it is due, until told to stop."""
    while crons and not stop.is_set():
        now = context.clock.now()
        try:
            await fire_due(context, crons, now=now)
            soonest = min(rules.next_due(cron.schedule, now=now) for cron in crons)
            pause = min((soonest - context.clock.now()).total_seconds(), _SLEEP_SECONDS_MAX)
        except Unavailable:
            _log.warning("cron_waits_for_the_database")
            pause = _AGAIN_SECONDS
        try:
            async with asyncio.timeout(max(pause, 0.05)):
                await stop.wait()
        except TimeoutError:
            continue


async def measure(context: Context, crons: Sequence[Cron], *, now: datetime) -> None:
    """Tell how late each schedule is.

    One that never ran is new here: a tick that nobody may fire any more was due before it was there.

    Raises:
        Unavailable: the database is away.
    """
    async with context.db.look() as session:
        taken = await queries.last_taken(session)
    late: dict[str, float] = {}
    late_max = context.part(CronSettings).cron_late_seconds_max
    for cron in crons:
        due_at = rules.last_due(cron.schedule, now=now)
        last, seconds = taken.get(cron.task.name), (now - due_at).total_seconds()
        is_well = seconds > late_max if last is None else last >= due_at
        late[cron.task.name] = 0 if is_well else seconds
    metrics.overdue(late)


async def run_once(context: Context, modules: Sequence[Module], name: str, *, now: datetime) -> bool:
    """Run a schedule's handler in this process, for the latest minute at which it was due; False if that is taken.

    A failure gives the tick back and is raised. A process killed in the middle of a FlowJob leaves it taken: the
    next minute due does the work.

    Raises:
        NoSuchCron: no schedule of that name.
        Exception: whatever the handler raised.
    """
    cron = rules.find((cron for module in modules for cron in module.crons), name)
    due_at = rules.last_due(cron.schedule, now=now)
    tick = Tick(due_at=rfc3339(due_at))
    handler = _handler(modules, cron.task.name)
    match handler:
        case TxJob():
            seconds = context.part(CronSettings).cron_transaction_seconds_max
            async with context.db.begin(deadline_seconds=seconds) as session:
                if not await service.take(session, cron.task.name, due_at):
                    return False
                await handler.run(session, tick, context)
        case FlowJob():
            async with context.db.begin() as session:
                if not await service.take(session, cron.task.name, due_at):
                    return False
            try:
                await handler.run(context, tick)
            except BaseException:
                async with context.db.begin() as session:
                    await service.give_back(session, cron.task.name, due_at)
                raise
        case _:
            assert_never(handler)
    return True


def _handler(modules: Sequence[Module], name: str) -> TxJob[Any] | FlowJob[Any]:
    for module in modules:
        for job in module.jobs:
            if job.task.name == name:
                return job
    raise ValueError(f"no handler for the scheduled task {name}")
