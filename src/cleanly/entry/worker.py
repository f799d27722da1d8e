"""The background process: claims and runs jobs, keeps time for schedules, outlives the database's restarts."""

import asyncio
import signal
from collections.abc import Callable, Sequence

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException

from cleanly.kernel.context import Context
from cleanly.kernel.module import Module
from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.cron import flows as cron
from cleanly.platform.cron import rules as cron_rules
from cleanly.platform.jobs.runner import Runner, handlers
from cleanly.platform.jobs.settings import JobsSettings

_log = structlog.get_logger(__name__)
_PAUSE_SECONDS_FIRST = 0.5
_PAUSE_SECONDS_MAX = 30.0
_GOOD_LIFE_SECONDS = 60.0


async def run_worker(
    context: Context, modules: Sequence[Module], settings: JobsSettings, *, url: str, stop: asyncio.Event
) -> None:
    """Work until `stop` is set and running jobs have ended (or, after the grace, were given back).

    `url` is the direct address where there is one: LISTEN works there. Through a transaction pooler (a `-pooler`
    host, or JOBS_LISTEN=false) the worker polls. Stands alone in `cleanly worker`, beside the server in
    `cleanly dev`.

    Raises:
        ValueError: two handlers for one task, a schedule without a handler, or one that is no schedule.
    """
    bound = handlers(modules)
    crons = [schedule for module in modules for schedule in module.crons]
    for schedule in crons:
        cron_rules.check(schedule.schedule)
    where = DatabaseUrl.parse(url)
    async with asyncio.TaskGroup() as group:
        group.create_task(cron.keep_time(context, crons, stop=stop), name="cron")
        group.create_task(_outlive(lambda: Runner(context, bound, settings, where=where), stop), name="worker")


async def run_until_signal(context: Context, modules: Sequence[Module], settings: JobsSettings, *, url: str) -> None:
    """`run_worker` until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await run_worker(context, modules, settings, url=url, stop=stop)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _outlive(new_runner: Callable[[], Runner], stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    pause = _PAUSE_SECONDS_FIRST
    while not stop.is_set():
        born = loop.time()
        _log.info("worker_starts")
        try:
            await new_runner().run(stop)
        except (ConnectorException, psycopg.Error) as error:
            _log.warning("worker_lost_the_database", error=type(error.__cause__ or error).__name__)
        if stop.is_set():
            break
        if loop.time() - born >= _GOOD_LIFE_SECONDS:
            pause = _PAUSE_SECONDS_FIRST
        _log.warning("worker_starts_again", pause_seconds=pause)
        await _pause(stop, pause)
        pause = min(pause * 2, _PAUSE_SECONDS_MAX)
    _log.info("worker_stopped")


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
