"""The background process: runs jobs, keeps time for schedules, delivers webhooks, outlives the database's restarts."""

import asyncio
import gc
import random
import signal
from collections.abc import Callable, Sequence

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException

from cleanly.kernel.context import Context
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.module import Cron, Module
from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.cron import flows as cron
from cleanly.platform.cron import rules as cron_rules
from cleanly.platform.jobs import flows as jobs
from cleanly.platform.jobs.runner import Runner, handlers
from cleanly.platform.jobs.settings import JobsSettings
from cleanly.platform.webhooks.outbound.dispatch.flows import Courier
from cleanly.platform.webhooks.outbound.dispatch.runner import Dispatcher

_log = structlog.get_logger(__name__)
_PAUSE_SECONDS_FIRST = 0.5
_PAUSE_SECONDS_MAX = 30.0
_GOOD_LIFE_SECONDS = 60.0
_MEASURE_SECONDS = 15.0


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
        group.create_task(_measure(context, crons, stop), name="measure")
        if Courier in context.parts:  # a process that is built without one leaves webhooks to others
            listens = not where.is_pooled if settings.jobs_listen is None else settings.jobs_listen
            dispatching = _deliver(context, stop, where=where if listens else None)
            group.create_task(dispatching, name="dispatcher")


async def run_until_signal(context: Context, modules: Sequence[Module], settings: JobsSettings, *, url: str) -> None:
    """`run_worker` until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    gc.collect()  # what is here now stays for good: the collector need not look at it again
    gc.freeze()
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


async def _deliver(context: Context, stop: asyncio.Event, *, where: DatabaseUrl | None) -> None:
    """Dispatchers one after the other: a fault in one ends it, not the worker's jobs."""
    while not stop.is_set():
        try:
            await Dispatcher(context, where=where, chance=random.SystemRandom()).run(stop)
        except Exception:  # noqa: BLE001 - of any kind: what it held is taken up when its lease has run out
            _log.exception("dispatcher_failed")
            await _pause(stop, _PAUSE_SECONDS_MAX)


async def _measure(context: Context, crons: Sequence[Cron], stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await jobs.measure(context)
            await cron.measure(context, crons, now=context.clock.now())
        except Unavailable:
            _log.warning("measuring_waits_for_the_database")
        await _pause(stop, _MEASURE_SECONDS)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
