"""Jobs commit with their reason, run, are tried again, die, are listed and revived."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from procrastinate.manager import JobManager
from procrastinate.worker import Worker
from structlog.testing import capture_logs

from cleanly.kernel import tracing
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.messages import Task, Tick
from cleanly.kernel.module import FlowJob, Module, TxJob
from cleanly.platform.jobs import metrics, queries
from cleanly.platform.jobs import service as jobs
from cleanly.platform.jobs.jobs import sweep
from cleanly.platform.jobs.settings import JobsSettings
from tests.platform.jobs.conftest import NOTE, QUICK, Note, World, eventually, write, write_note

SAMPLE = Module("sample", jobs=[TxJob(NOTE, write_note)])
SECRET = "no-log-may-show-this"


class Boom(Exception):
    pass


async def test_a_rollback_leaves_no_job(world: World):
    with pytest.raises(Boom):  # noqa: PT012 - the block is the transaction
        async with world.context.db.begin() as session:
            await jobs.enqueue(session, NOTE, Note(text="never"))
            await write(session, "never")
            raise Boom
    assert await world.rows("SELECT 1 FROM procrastinate_jobs") == []
    assert await world.effects() == []


async def test_a_commit_leaves_the_job_and_its_reason(world: World):
    async with world.context.db.begin() as session:
        job_id = await jobs.enqueue(session, NOTE, Note(text="later"))
        await write(session, "the reason")
    assert await world.status(job_id) == "todo"
    assert await world.effects() == ["the reason"]


async def test_an_outage_while_asking_is_told_as_one(world: World):
    with pytest.raises(Unavailable):  # noqa: PT012 - the block is the transaction
        async with world.context.db.begin() as session:
            await write(session, "lost")
            raw = await (await session.connection()).get_raw_connection()
            pid = raw.driver_connection.info.backend_pid  # type: ignore[union-attr]
            await world.rows("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
            await jobs.enqueue(session, NOTE, Note(text="lost"))
    assert await world.rows("SELECT 1 FROM procrastinate_jobs") == []


async def test_a_job_runs_once_and_its_payload_is_forgotten(world: World):
    async with world.worker(SAMPLE):
        job_id = await world.enqueue(NOTE, Note(text="done"))
        await world.becomes(job_id, "succeeded")
    assert await world.effects() == ["done"]
    assert "payload" not in (await world.job(job_id)).args


async def test_a_failing_job_is_tried_again_then_dead_then_revived_and_succeeds(world: World):
    broken = True

    async def run(session, note: Note, _context: Context) -> None:
        await write(session, note.text)
        if broken:
            raise Boom(SECRET)

    token = tracing.REQUEST_ID.set("req_7")
    try:
        job_id = await world.enqueue(NOTE, Note(text="at last"))
    finally:
        tracing.REQUEST_ID.reset(token)
    async with world.worker(Module("sample", jobs=[TxJob(NOTE, run)])):
        await world.becomes(job_id, "failed")
        assert await world.effects() == []
        async with world.context.db.begin() as session:
            (dead,) = await queries.dead(session)
            assert await queries.dead(session, task="another") == []
            assert await queries.dead(session, before_id=job_id) == []
        assert (dead.id, dead.task, dead.attempts) == (job_id, "sample.note", 3)
        assert (dead.error, dead.request_id) == ("Boom", "req_7")
        broken = False
        async with world.context.db.begin() as session:
            assert await jobs.retry_dead(session, job_id)
        await world.becomes(job_id, "succeeded")
    assert await world.effects() == ["at last"]
    async with world.context.db.begin() as session:
        assert await queries.dead(session) == []
        assert not await jobs.retry_dead(session, job_id), "a job that succeeded is not dead"


async def test_all_dead_jobs_of_a_task_are_revived_in_bounded_batches(world: World):
    for text in "abc":
        await world.enqueue(NOTE, Note(text=text))
    await world.rows("UPDATE procrastinate_jobs SET status = 'failed', attempts = 3 RETURNING id")
    async with world.context.db.begin() as session:
        assert await jobs.retry_all_dead(session, task="another") == 0
        assert await jobs.retry_all_dead(session, limit=2) == 2
        assert await jobs.retry_all_dead(session, task="sample.note") == 1
        assert await jobs.retry_all_dead(session) == 0
        assert await queries.counts(session) == [queries.Count(task="sample.note", status="todo", jobs=3)]


async def test_the_depth_counts_what_is_due_and_how_long_it_waits(world: World):
    async with world.context.db.begin() as session:
        assert await queries.depth(session) == queries.Depth(due=0, oldest_due_seconds=0, dead=0)
    now = world.context.clock.now()
    await world.enqueue(NOTE, Note(text="now"))
    await world.enqueue(NOTE, Note(text="overdue"), run_at=now - timedelta(hours=1))
    await world.enqueue(NOTE, Note(text="tomorrow"), run_at=now + timedelta(days=1))
    async with world.context.db.begin() as session:
        depth = await queries.depth(session)
    assert depth.due == 2
    assert 3599 < depth.oldest_due_seconds < 3700


async def test_an_unknown_task_at_its_last_try_and_an_unreadable_payload_are_dead(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    counted: list[tuple[str, str]] = []
    monkeypatch.setattr(metrics, "count", lambda task, outcome: counted.append((task, outcome)))
    unknown = await world.enqueue(Task("sample.gone", Note, attempts_max=1), Note(text=SECRET))
    unreadable = await world.enqueue(NOTE, Note(text="x"))
    await world.rows(
        """UPDATE procrastinate_jobs SET args = jsonb_set(args, '{payload}', '{"text": {"in": "no-log-may-show-this"}}')
        WHERE id = :id RETURNING id""",
        id=unreadable,
    )
    with capture_logs() as logs:
        async with world.worker(SAMPLE):
            await world.becomes(unknown, "failed")
            await world.becomes(unreadable, "failed")
    async with world.context.db.begin() as session:
        found = {dead.id: (dead.attempts, dead.error) for dead in await queries.dead(session)}
    assert found == {unknown: (1, "UnknownTask"), unreadable: (1, "UnreadableJob")}
    lines = {line["job_id"]: line for line in logs if line["event"] == "job_finished"}
    assert {(lines[job]["outcome"], lines[job]["log_level"]) for job in (unknown, unreadable)} == {("dead", "error")}
    assert lines[unknown]["task"] == "sample.gone"
    assert "text: string_type" in str(lines[unreadable]["exc_info"])
    assert SECRET not in str(logs)
    assert sorted(counted) == [("sample.note", "dead"), ("unknown", "dead")]


async def test_a_task_of_a_newer_release_waits_for_the_worker_that_knows_it(world: World):
    newer = await world.enqueue(Task("sample.newer", Note), Note(text="x"))

    async def is_put_off() -> bool:
        row = await world.job(newer)
        return bool(row.status == "todo" and row.attempts == 1)

    async with world.worker(SAMPLE):
        await eventually(is_put_off, what="the job was put off")
    rows = await world.rows("SELECT scheduled_at > now() + interval '50 seconds' FROM procrastinate_jobs")
    assert [row[0] for row in rows] == [True]


async def test_a_line_per_run_and_no_payload_in_any_log(world: World, caplog: pytest.LogCaptureFixture):
    runs = 0
    seen: list[object] = []

    async def run(_context: Context, _note: Note) -> None:
        nonlocal runs
        runs += 1
        seen.append(tracing.REQUEST_ID.get())
        if runs == 1:
            raise Boom

    token = tracing.REQUEST_ID.set("req_9")
    try:
        job_id = await world.enqueue(NOTE, Note(text=SECRET))
    finally:
        tracing.REQUEST_ID.reset(token)
    with caplog.at_level(logging.INFO), capture_logs() as logs:
        async with world.worker(Module("sample", jobs=[FlowJob(NOTE, run)])):
            await world.becomes(job_id, "succeeded")
    lines = [line for line in logs if line["event"] == "job_finished"]
    assert [(line["task"], line["job_id"], line["attempt"], line["outcome"]) for line in lines] == [
        ("sample.note", job_id, 1, "failed"),
        ("sample.note", job_id, 2, "succeeded"),
    ]
    assert all(line["duration_seconds"] >= 0 for line in lines)
    assert seen == ["req_9", "req_9"]
    assert SECRET not in str(logs)
    assert all(SECRET not in str(vars(record)) + record.getMessage() for record in caplog.records)


async def test_a_job_for_later_does_not_run_before_its_time(world: World):
    later = await world.enqueue(NOTE, Note(text="later"), run_at=world.context.clock.now() + timedelta(hours=1))
    async with world.worker(SAMPLE):
        await world.becomes(await world.enqueue(NOTE, Note(text="now")), "succeeded")
    assert await world.status(later) == "todo"
    assert await world.effects() == ["now"]


async def test_jobs_of_one_lock_run_in_order_and_never_together(world: World):
    running: set[str] = set()
    order: list[str] = []
    together = False

    async def run(_context: Context, note: Note) -> None:
        nonlocal together
        together = together or bool(running)
        running.add(note.text)
        async with world.context.db.begin() as session:  # something that takes a while
            await write(session, note.text)
        order.append(note.text)
        running.discard(note.text)

    ids = [await world.enqueue(NOTE, Note(text=str(number)), lock="object:1") for number in range(6)]
    async with world.worker(Module("sample", jobs=[FlowJob(NOTE, run)])):
        for job_id in ids:
            await world.becomes(job_id, "succeeded")
    assert order == [str(number) for number in range(6)]
    assert not together


async def test_a_run_that_takes_too_long_is_ended_and_counts_as_a_failure(world: World):
    async def run(_context: Context, _note: Note) -> None:
        await asyncio.Event().wait()

    settings = QUICK.model_copy(update={"jobs_run_seconds_max": 0.05})
    job_id = await world.enqueue(NOTE, Note(text="for ever"))
    async with world.worker(Module("sample", jobs=[FlowJob(NOTE, run)]), settings=settings):
        await world.becomes(job_id, "failed")
    assert (await world.job(job_id)).args["error"] == "TimeoutError"


async def test_old_finished_jobs_are_forgotten_with_their_receipts_and_dead_ones_are_kept(world: World):
    done = [await world.enqueue(NOTE, Note(text=str(number))) for number in range(3)]
    async with world.worker(SAMPLE):
        for job_id in done:
            await world.becomes(job_id, "succeeded")
    dead, ancient = [await world.enqueue(NOTE, Note(text="dead")) for _ in range(2)]
    await world.rows(
        "UPDATE procrastinate_jobs SET status = 'failed' WHERE id = ANY(:ids) RETURNING id", ids=[dead, ancient]
    )
    waiting = await world.enqueue(NOTE, Note(text="waits"))
    age = "UPDATE procrastinate_events SET at = at - make_interval(days => :days) WHERE job_id = ANY(:ids) RETURNING id"
    await world.rows(age, days=8, ids=[*done[:2], dead, waiting])
    await world.rows(age, days=91, ids=[ancient])

    await sweep(world.context, Tick(due_at="2026-11-22T12:00:00Z"))

    left = [row[0] for row in await world.rows("SELECT id FROM procrastinate_jobs ORDER BY id")]
    assert left == [done[2], dead, waiting]
    assert [row[0] for row in await world.rows("SELECT job_id FROM job_receipts")] == [done[2]]


async def test_listening_starts_a_job_long_before_the_next_poll(world: World):
    rare = QUICK.model_copy(update={"jobs_poll_seconds_max": 600.0})
    async with world.worker(SAMPLE, settings=rare):
        await eventually(world.listens, what="LISTEN")
        await world.becomes(await world.enqueue(NOTE, Note(text="heard")), "succeeded")
        dead = await world.enqueue(NOTE, Note(text="revived"), run_at=world.context.clock.now() + timedelta(days=1))
        await world.rows("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = :id RETURNING id", id=dead)
        async with world.context.db.begin() as session:
            await jobs.retry_dead(session, dead)
        await world.becomes(dead, "succeeded")
    assert await world.effects() == ["heard", "revived"]


async def test_a_job_told_of_while_the_worker_looks_waits_for_no_poll(world: World, monkeypatch: pytest.MonkeyPatch):
    look, hear, heard = JobManager.fetch_job, Worker._handle_notification, asyncio.Event()
    late: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def hear_and_say(worker: Worker, **told: Any) -> None:
        await hear(worker, **told)
        heard.set()

    async def look_too_early(manager: JobManager, queues: Any, worker_id: int) -> Any:
        found = await look(manager, queues, worker_id)
        if not late.done():
            await eventually(world.listens, what="LISTEN")
            late.set_result(await world.enqueue(NOTE, Note(text="late")))
            await heard.wait()
        return found

    monkeypatch.setattr(Worker, "_handle_notification", hear_and_say)
    monkeypatch.setattr(JobManager, "fetch_job", look_too_early)
    async with world.worker(SAMPLE, settings=QUICK.model_copy(update={"jobs_poll_seconds_max": 600.0})):
        await world.becomes(await asyncio.wait_for(late, 30), "succeeded")


async def test_polling_can_be_asked_for(world: World):
    settings = JobsSettings(**(QUICK.model_dump() | {"jobs_listen": False}))
    async with world.worker(SAMPLE, settings=settings):
        await world.becomes(await world.enqueue(NOTE, Note(text="polled")), "succeeded")
        assert not await world.listens()
