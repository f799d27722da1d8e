"""A service of its own for a play that takes a month: scratch database, moved clock, work done as time passes."""

import asyncio
import itertools
import pathlib
import socket
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import aiohttp
from sqlalchemy import text

from cleanly.entry import context as contexts
from cleanly.entry import embedded, migrate, serve
from cleanly.entry import settings as environment
from cleanly.entry.demo.stage import SECONDS_MAX, DemoFailed, Stage
from cleanly.entry.health import Liveness
from cleanly.entry.modules import MODULES
from cleanly.entry.settings import Settings
from cleanly.kernel.clock import Clock
from cleanly.kernel.context import Context
from cleanly.kernel.ids import made_by
from cleanly.kernel.module import FlowJob
from cleanly.platform.cron import flows as crons
from cleanly.platform.jobs import runner
from cleanly.platform.providers.google_play.settings import GooglePlaySettings
from cleanly.platform.providers.paypal.settings import PayPalSettings
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.stripe.settings import StripeSettings

STEP = timedelta(days=1)
_PATIENCE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_HANDLERS = runner.handlers(MODULES)


class TownClock(Clock):
    """Stands still until the play moves it; ids tell its time."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._numbers = itertools.count(1)

    def now(self) -> datetime:
        """The town's time."""
        return self.at

    def seconds(self) -> float:
        """The same in seconds since 1970."""
        return self.at.timestamp()

    def new_id(self) -> UUID:
        """A UUIDv7 of this time; of two the later one is greater."""
        return UUID(int=((self.at - _EPOCH) // _MILLISECOND) << 80 | 0x7 << 76 | 0x2 << 62 | next(self._numbers))


class AppStore(Protocol):
    """Google Play as a phone has it, and the settings by which the service asks it."""

    acknowledged: list[str]

    def settings(self) -> dict[str, str]:
        """By their fields' names."""
        ...

    def buy(self, account_id: str | None, *, option: str) -> str:
        """Buy once what our price names; the purchase's token."""
        ...


OpenStore = Callable[[Clock], AbstractAsyncContextManager[AppStore]]


@dataclass(frozen=True, slots=True)
class Town:
    """The service, its clock, and how to call it. `store`: if there is one in this town."""

    context: Context
    clock: TownClock
    stage: Stage
    store: AppStore | None = None

    async def rows(self, statement: str, **values: object) -> list[Any]:
        """What a statement finds."""
        async with self.context.db.begin() as session:
            return list((await session.execute(text(statement), values)).all())

    async def pass_time(self, by: timedelta) -> None:
        """A day at a time: what is due happens at the provider, and the schedules and jobs are done."""
        until = self.clock.at + by
        while self.clock.at < until:
            self.clock.at = min(until, self.clock.at + STEP)
            every = [cron for module in MODULES for cron in module.crons]
            await crons.fire_due(self.context, every, now=self.clock.at)
            await self.work()

    async def work(self) -> None:
        """Hear the provider and do every waiting job, until nothing more happens at this time.

        Raises:
            DemoFailed: there is no end to it.
        """
        for _ in range(_PATIENCE):
            told = await self.context.part(Sandbox).pump()
            if not await self._work_once() and not told:
                return
        raise DemoFailed("there is no end to the work of one moment")

    async def _work_once(self) -> int:
        waiting = await self.rows(
            "SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at <= :now) ORDER BY priority DESC, id",
            now=self.clock.at,
        )
        for job_id, name, stored in waiting:
            job = _HANDLERS[name]
            payload = job.task.payload.model_validate(stored["payload"])
            if isinstance(job, FlowJob):
                await job.run(self.context, payload)
            else:
                async with self.context.db.begin() as session:
                    await job.run(session, payload, self.context)
            await self.rows("DELETE FROM procrastinate_jobs WHERE id = :id RETURNING id", id=job_id)
        return len(waiting)


@contextmanager
def scratch() -> Generator[str, None, None]:
    """A database of nobody else's, and its address; nothing of it stays.

    Raises:
        EmbeddedMissing: the embedded server is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="cleanly-month-") as folder:
        pathlib.Path(folder).chmod(0o755)  # PostgreSQL's own user must be able to pass
        with embedded.start(pathlib.Path(folder) / "postgres") as server:
            server.create("month")
            migrate.migrate(server.url("month"))
            yield server.url("month")


@asynccontextmanager
async def opened(
    database_url: str, starts_at: datetime, *, open_store: OpenStore | None = None
) -> AsyncGenerator[Town, None]:
    """The service on an empty database, at that time."""
    clock = TownClock(starts_at)
    with socket.socket() as line, made_by(clock.new_id):
        line.bind(("127.0.0.1", 0))
        async with (
            open_store(clock) if open_store else nullcontext() as store,
            _serving(database_url, clock, line, **(store.settings() if store else {})) as town,
        ):
            yield replace(town, store=store)


@asynccontextmanager
async def _serving(database_url: str, clock: TownClock, line: socket.socket, **more: str) -> AsyncGenerator[Town, None]:
    settings = _settings(line.getsockname()[1], **more)
    async with (
        contexts.build(settings, database_url=database_url, name="month", clock=clock) as context,
        _listening(context, settings, line),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS_MAX), trust_env=False) as http,
    ):
        yield Town(context, clock, Stage(http, f"http://127.0.0.1:{settings.listen_port}"))


def _settings(port: int, **more: str) -> Settings:
    """As on a laptop where nothing else is set up: no provider but the sandbox, whatever the environment says."""
    groups = (StripeSettings, PayPalSettings, GooglePlaySettings)
    off = {name: field.get_default() for group in groups for name, field in group.model_fields.items()}
    roomy = {f"rate_limit_{name}": "100000/minute" for name in ("default", "auth", "account", "webhooks")}
    return environment.load(
        **{**off, **more},
        **roomy,
        app_env="development",
        node_env=None,
        api_port=port,
        port=None,
        redis_url=None,
        mail_url=None,
        read_database_url=None,
        drain_seconds=0,
        cron_late_seconds_max=STEP.total_seconds(),
    )


@asynccontextmanager
async def _listening(context: Context, settings: Settings, line: socket.socket) -> AsyncGenerator[None, None]:
    context.part(Liveness).has_booted = True
    running = serve.server(context, settings)
    task = asyncio.create_task(running.serve(sockets=[line]))
    try:
        while not running.started and not task.done():  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0)
        yield
    finally:
        running.should_exit = True
        await task
