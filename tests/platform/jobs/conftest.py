"""What the queue's tests share: a context with short times, a table for effects, a worker to start and stop."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.entry.worker import run_worker
from cleanly.kernel.clock import Clock
from cleanly.kernel.context import Context
from cleanly.kernel.db import Database
from cleanly.kernel.messages import Task
from cleanly.kernel.module import Module
from cleanly.platform.cron.settings import CronSettings
from cleanly.platform.jobs import service as jobs
from cleanly.platform.jobs.settings import JobsSettings
from tests.waiting import eventually

QUICK = JobsSettings(
    jobs_poll_seconds_max=0.1,
    jobs_heartbeat_seconds=0.2,
    jobs_stalled_seconds=1,
    jobs_retry_seconds_first=0.01,
    jobs_retry_seconds_max=0.05,
    shutdown_grace_seconds=10,
)


class Note(BaseModel):
    text: str


NOTE = Task("sample.note", Note, attempts_max=3)


async def write(session: AsyncSession, note: str) -> None:
    await session.execute(text("INSERT INTO sample_effects (note) VALUES (:note)"), {"note": note})


async def write_note(session: AsyncSession, note: Note, _context: Context) -> None:
    await write(session, note.text)


@dataclass(frozen=True)
class World:
    context: Context
    url: str

    async def enqueue(self, task: Task[Any], payload: BaseModel, **options: Any) -> int:
        async with self.context.db.begin() as session:
            return await jobs.enqueue(session, task, payload, **options)

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.context.db.begin() as session:
            return list((await session.execute(text(statement), values)).all())

    async def effects(self) -> list[str]:
        return [row[0] for row in await self.rows("SELECT note FROM sample_effects ORDER BY id")]

    async def job(self, job_id: int) -> Any:
        rows = await self.rows(
            "SELECT status::text, attempts, args, worker_id FROM procrastinate_jobs WHERE id = :id", id=job_id
        )
        return rows[0]

    async def status(self, job_id: int) -> str:
        return str((await self.job(job_id)).status)

    async def becomes(self, job_id: int, status: str) -> None:
        async def has_it() -> bool:
            return await self.status(job_id) == status

        await eventually(has_it, what=f"job {job_id} being {status}")

    async def listens(self) -> bool:
        return bool(
            await self.rows(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'cleanly-worker' AND query LIKE 'LISTEN%'"
            )
        )

    @contextlib.asynccontextmanager
    async def worker(
        self, *modules: Module, settings: JobsSettings = QUICK, url: str | None = None
    ) -> AsyncGenerator[asyncio.Event, None]:
        """A worker that ends in good order with the block; setting the event ends it before."""
        stop = asyncio.Event()
        running = asyncio.create_task(run_worker(self.context, modules, settings, url=url or self.url, stop=stop))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(running, 30)


@pytest.fixture
async def world(db: Database, database_url: str) -> AsyncGenerator[World, None]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS sample_effects (id bigserial PRIMARY KEY, note text)")
    yield World(Context(db, Clock(), {JobsSettings: QUICK, CronSettings: CronSettings()}), database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE sample_effects")
