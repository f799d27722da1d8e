"""Workers that are killed, told to stop, cut off from the database, or put behind a pooler."""

import asyncio
import contextlib
import os
import pathlib
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from cleanly.entry.embedded import EmbeddedServer
from cleanly.kernel.context import Context
from cleanly.kernel.db import Database
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import FlowJob, Module, TxJob
from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.jobs.jobs import recover_stalled
from cleanly.platform.jobs.outcomes import Outcomes
from tests import pgbouncer
from tests.platform.jobs.conftest import NOTE, QUICK, Note, World, eventually, write, write_note
from tests.platform.jobs.worker_process import SLOW

ROOT = pathlib.Path(__file__).parents[3]
TICK = Tick(due_at="2026-11-22T12:00:00Z")
SAMPLE = Module("sample", jobs=[TxJob(NOTE, write_note)])


@contextlib.asynccontextmanager
async def worker_process(world: World) -> AsyncGenerator[Process, None]:
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.platform.jobs.worker_process",
        world.url,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def wrote(world: World, note: str) -> None:
    async def there() -> bool:
        return note in await world.effects()

    await eventually(there, what=repr(note))


async def say_go(world: World) -> None:
    async with world.context.db.begin() as session:
        await write(session, "go")


async def recover(world: World, job_id: int) -> None:
    """Run the minute's recovery until it has found the job."""

    async def taken_back() -> bool:
        await recover_stalled(world.context, TICK)
        return await world.status(job_id) != "doing"

    await eventually(taken_back, what="recovery")


async def test_a_killed_workers_job_is_taken_up_by_another(world: World):
    job_id = await world.enqueue(NOTE, Note(text="job"))
    async with worker_process(world) as victim:
        await wrote(world, "job started")
        await recover_stalled(world.context, TICK)
        assert await world.status(job_id) == "doing", "a worker that lives keeps its job"
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
    await say_go(world)
    async with world.worker(SLOW):
        await recover(world, job_id)
        await world.becomes(job_id, "succeeded")
    assert await world.effects() == ["job started", "go", "job started", "job done"]
    assert (await world.job(job_id)).attempts == 2


async def test_a_job_that_kills_its_worker_each_time_ends_up_dead(world: World):
    job_id = await world.enqueue(NOTE, Note(text="poison"))
    for attempt in (1, 2, 3):
        await world.rows("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :id RETURNING id", id=job_id)
        await recover_stalled(world.context, TICK)
        row = await world.job(job_id)
        assert (row.status, row.attempts) == ("failed" if attempt == 3 else "todo", attempt)
    assert row.args["error"] == "WorkerLost"


async def test_sigterm_lets_the_running_job_end_and_the_process_exits_with_zero(world: World):
    job_id = await world.enqueue(NOTE, Note(text="job"))
    async with worker_process(world) as running:
        await wrote(world, "job started")
        running.send_signal(signal.SIGTERM)
        await say_go(world)
        assert await asyncio.wait_for(running.wait(), 30) == 0
    assert await world.effects() == ["job started", "go", "job done"]
    assert await world.status(job_id) == "succeeded"
    assert await world.rows("SELECT 1 FROM procrastinate_workers") == []


async def test_a_stopping_worker_claims_nothing_more(world: World):
    first = await world.enqueue(NOTE, Note(text="first"))
    async with world.worker(SLOW) as stop:
        await wrote(world, "first started")
        stop.set()
        second = await world.enqueue(NOTE, Note(text="second"))
        await say_go(world)
    assert await world.status(first) == "succeeded"
    assert await world.status(second) == "todo"
    assert await world.effects() == ["first started", "go", "first done"]


async def test_a_job_that_outlasts_the_grace_is_given_back_without_losing_a_try(world: World):
    begun = asyncio.Event()

    async def endless(session: AsyncSession, note: Note, _context: Context) -> None:
        await write(session, note.text)
        begun.set()
        await asyncio.Event().wait()

    job_id = await world.enqueue(NOTE, Note(text="half"))
    hasty = QUICK.model_copy(update={"shutdown_grace_seconds": 0.05})
    async with world.worker(Module("sample", jobs=[TxJob(NOTE, endless)]), settings=hasty):
        await begun.wait()
    row = await world.job(job_id)
    assert (row.status, row.attempts) == ("todo", 0)
    assert await world.effects() == []
    async with world.worker(SAMPLE):
        await world.becomes(job_id, "succeeded")
    assert await world.effects() == ["half"]


async def test_a_crash_between_commit_and_its_record_does_not_repeat_the_work(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async def crash(*_arguments: Any, **_values: Any) -> None:
        """The process dies here: nothing is written."""

    job_id = await world.enqueue(NOTE, Note(text="once"))
    with monkeypatch.context() as patch:
        patch.setattr(Outcomes, "_write", crash)
        async with world.worker(SAMPLE):
            await wrote(world, "once")
    assert await world.status(job_id) == "doing"
    with capture_logs() as logs:
        async with world.worker(SAMPLE):
            await recover(world, job_id)
            await world.becomes(job_id, "succeeded")
    assert await world.effects() == ["once"]
    assert [line["outcome"] for line in logs if line["event"] == "job_finished"] == ["stalled", "repeated"]


async def test_a_worker_taken_for_lost_cannot_end_the_job_that_another_runs(world: World):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def waits(_context: Context, _note: Note) -> None:
        begun.set()
        await go_on.wait()

    job_id = await world.enqueue(NOTE, Note(text="x"))
    with capture_logs() as logs:
        async with world.worker(Module("sample", jobs=[FlowJob(NOTE, waits)])):
            await begun.wait()
            (other,) = await world.rows("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
            await world.rows(
                "UPDATE procrastinate_jobs SET worker_id = :worker WHERE id = :id RETURNING id",
                worker=other.id,
                id=job_id,
            )
            go_on.set()
    row = await world.job(job_id)
    assert (row.status, row.worker_id, row.attempts) == ("doing", other.id, 0)
    assert [line["job_id"] for line in logs if line["event"] == "job_no_longer_ours"] == [job_id]


async def test_an_outcome_that_cannot_be_written_ends_the_worker_so_that_the_job_is_free(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async def refuse(_session: AsyncSession, _note: Note, _context: Context) -> None:
        raise RuntimeError

    monkeypatch.setattr("cleanly.platform.jobs.outcomes._END", "SELECT 1 / 0 AS id")
    job_id = await world.enqueue(NOTE, Note(text="x"))
    with capture_logs() as logs:
        async with world.worker(Module("sample", jobs=[TxJob(NOTE, refuse)])):

            async def is_free() -> bool:
                return (await world.job(job_id)).worker_id is None and any(
                    line["event"] == "worker_starts_again" for line in logs
                )

            await eventually(is_free, what="the job without a worker")
    assert [line["job_id"] for line in logs if line["event"] == "job_outcome_lost"] == [job_id]


async def test_a_worker_outlives_the_databases_restart(world: World, server: EmbeddedServer):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def waits(_context: Context, note: Note) -> None:
        if note.text == "over the outage":
            begun.set()
            await go_on.wait()

    database = sql.Identifier(world.url.partition("?")[0].rpartition("/")[2])
    with capture_logs() as logs, psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        async with world.worker(Module("sample", jobs=[FlowJob(NOTE, waits)])):
            over = await world.enqueue(NOTE, Note(text="over the outage"))
            await begun.wait()
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
            try:
                admin.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                    (database.as_string().strip('"'),),
                )
                go_on.set()

                async def felt() -> bool:
                    events = {line["event"] for line in logs}
                    return bool(events & {"jobs_fetch_failed", "worker_lost_the_database"})

                await eventually(felt, what="the outage being noticed")
            finally:
                admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(database))
            after = await world.enqueue(NOTE, Note(text="after"))
            await world.becomes(after, "succeeded")

            async def ended() -> bool:
                await recover_stalled(world.context, TICK)
                return await world.status(over) == "succeeded"

            await eventually(ended, what="the job that ran over the outage")
            await eventually(world.listens, what="LISTEN again")


async def test_two_workers_share_the_jobs_and_none_runs_twice(world: World):
    ids = [await world.enqueue(NOTE, Note(text=f"{number:02}")) for number in range(40)]
    async with world.worker(SAMPLE), world.worker(SAMPLE):
        for job_id in ids:
            await world.becomes(job_id, "succeeded")
    assert sorted(await world.effects()) == [f"{number:02}" for number in range(40)]


async def test_jobs_run_through_a_transaction_pooler_by_polling(world: World, server: EmbeddedServer):
    failed: set[str] = set()

    async def fails_once(session: AsyncSession, note: Note, _context: Context) -> None:
        await session.execute(text("SELECT :note"), {"note": note.text})
        await write(session, note.text)
        if note.text not in failed:
            failed.add(note.text)
            raise RuntimeError

    with pgbouncer.pooled_url(server, world.url) as url, capture_logs():
        assert DatabaseUrl.parse(url).is_pooled
        db = Database(url, name="pooled")
        pooled = World(Context(db, world.context.clock, world.context.parts), url)
        try:
            async with pooled.worker(Module("sample", jobs=[TxJob(NOTE, fails_once)])):
                # More than the driver's threshold for preparing a statement, on few shared connections.
                ids = [await pooled.enqueue(NOTE, Note(text=f"{number:02}")) for number in range(20)]
                for job_id in ids:
                    await pooled.becomes(job_id, "succeeded")
                assert not await world.listens()
        finally:
            await db.close()
    assert sorted(await world.effects()) == [f"{number:02}" for number in range(20)]
    assert {(await world.job(job_id)).attempts for job_id in ids} == {2}
