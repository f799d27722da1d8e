"""One transaction's worth of work on the queue: ask, try again, take back, forget."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from procrastinate.jobs import DEFAULT_QUEUE
from psycopg.types.json import Jsonb
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel import tracing
from cleanly.kernel.messages import Task
from cleanly.platform.jobs.messages import ATTEMPTS_MAX_DEFAULT, Envelope
from cleanly.platform.jobs.models import JobReceipt

P = TypeVar("P", bound=BaseModel)

_BATCH = 1000
# The queue's own insertion, as an expression: a statement can ask for work and do something else in one round trip.
ASKING = """procrastinate_defer_jobs_v1(ARRAY[ROW(
    %(job_queue)s::varchar, %(job_task)s::varchar, %(job_priority)s::integer, %(job_lock)s::text, NULL,
    %(job_args)s::jsonb, %(job_run_at)s::timestamptz)::procrastinate_job_to_defer_v1])"""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A job that was taken from a lost worker; dead if that was its last try."""

    id: int
    task: str
    attempt: int
    is_dead: bool


@dataclass(frozen=True, slots=True)
class Swept:
    """How far a sweep has come: `last_id` is None when nothing older can follow."""

    deleted: int
    last_id: int | None


def values_of(
    task: Task[P], payload: P, *, run_at: datetime | None = None, lock: str | None = None, priority: int = 0
) -> dict[str, Any]:
    """What `ASKING` asks for."""
    envelope = Envelope(
        payload=payload.model_dump(mode="json"),
        attempts_max=task.attempts_max,
        request_id=tracing.REQUEST_ID.get(),
        traceparent=tracing.traceparent(),
    )
    return {
        "job_queue": DEFAULT_QUEUE,
        "job_task": task.name,
        "job_priority": priority,
        "job_lock": lock,
        "job_args": Jsonb(envelope.model_dump()),
        "job_run_at": run_at,
    }


async def enqueue(
    session: AsyncSession,
    task: Task[P],
    payload: P,
    *,
    run_at: datetime | None = None,
    lock: str | None = None,
    priority: int = 0,
) -> int:
    """Ask for work in the caller's transaction: the job exists if, and only if, its reason commits.

    `lock` names an object (`payment:<id>`): jobs with the same lock run one at a time, in the order in which they
    were asked for. A failing one therefore holds up those behind it until it succeeds or is dead.

    Returns the job's id.
    """
    values = values_of(task, payload, run_at=run_at, lock=lock, priority=priority)
    asked = await (await session.connection()).exec_driver_sql(f"SELECT {ASKING}", values)
    [job_id] = asked.scalar_one()
    return int(job_id)


async def sign_receipt(session: AsyncSession, job_id: int) -> bool:
    """Note that this job's work is in this transaction; False if an earlier run has committed it.

    A second run at the same time waits here for the first one's commit or rollback.
    """
    receipt = insert(JobReceipt).values(job_id=job_id).on_conflict_do_nothing().returning(JobReceipt.job_id)
    return await session.scalar(receipt) is not None


async def retry_dead(session: AsyncSession, job_id: int) -> bool:
    """Give a dead job all its tries again, from now; False if it is not there or not dead."""
    return await _revive(session, "id = :id", {"id": job_id, "limit": 1}) == 1


async def retry_all_dead(session: AsyncSession, *, task: str | None = None, limit: int = _BATCH) -> int:
    """As `retry_dead`, for the oldest `limit` dead jobs (of one task); how many: call again until it is 0."""
    where = "TRUE" if task is None else "task_name = :task"
    return await _revive(session, where, {"limit": limit} | ({} if task is None else {"task": task}))


async def _revive(session: AsyncSession, where: str, values: dict[str, Any]) -> int:
    # The queue's trigger tells listeners of inserts only, so a revived job says so itself.
    rows = await session.execute(
        text(f"""
            WITH dead AS (
                SELECT id FROM procrastinate_jobs WHERE status = 'failed' AND {where}
                ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
            ), revived AS (
                UPDATE procrastinate_jobs AS job
                SET status = 'todo', attempts = 0, scheduled_at = NULL, worker_id = NULL
                FROM dead WHERE job.id = dead.id RETURNING job.id
            )
            SELECT pg_notify(
                'procrastinate_any_queue_v1', json_build_object('type', 'job_inserted', 'job_id', id)::text
            ) FROM revived
        """),  # noqa: S608 - `where` is one of the constants above  # nosec B608
        values,
    )
    return len(rows.all())


async def recover_stalled(session: AsyncSession, *, stalled_seconds: float) -> list[Recovered]:
    """Put back, at most 1,000 at a time, the jobs whose worker is gone or has been silent for `stalled_seconds`.

    The lost run counts as a try: a job that kills its worker ends up dead, not in a circle.
    """
    rows = await session.execute(
        text("""
            WITH stalled AS (
                SELECT job.id,
                    job.attempts + 1 >= coalesce((job.args ->> 'attempts_max')::int, :attempts_max) AS is_dead
                FROM procrastinate_jobs AS job
                LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
                WHERE job.status = 'doing' AND (
                    worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :stalled_seconds)
                )
                ORDER BY job.id LIMIT :batch FOR UPDATE OF job SKIP LOCKED
            )
            UPDATE procrastinate_jobs AS job
            SET status = (CASE WHEN is_dead THEN 'failed' ELSE 'todo' END)::procrastinate_job_status,
                attempts = job.attempts + 1,
                worker_id = NULL,
                abort_requested = FALSE,
                args = job.args || '{"error": "WorkerLost"}'
            FROM stalled WHERE job.id = stalled.id
            RETURNING job.id, job.task_name, job.attempts, is_dead
        """),
        {"stalled_seconds": stalled_seconds, "attempts_max": ATTEMPTS_MAX_DEFAULT, "batch": _BATCH},
    )
    return [Recovered(id=row.id, task=row.task_name, attempt=row.attempts, is_dead=row.is_dead) for row in rows]


async def sweep(session: AsyncSession, *, before: datetime, dead: bool, after_id: int = 0) -> Swept:
    """Forget one batch of finished (or of dead) jobs that ended before that time, with their receipts.

    Ids grow with time: a batch in which nothing was old enough is the last one worth looking at.
    """
    row = await session.execute(
        text("""
            WITH page AS (
                SELECT job.id, NOT EXISTS (
                    SELECT 1 FROM procrastinate_events AS event WHERE event.job_id = job.id AND event.at >= :before
                ) AS is_old
                FROM procrastinate_jobs AS job
                WHERE job.status::text = ANY(CAST(:statuses AS text[])) AND job.id > :after_id
                ORDER BY job.id LIMIT :batch
            ), receipts AS (
                DELETE FROM job_receipts USING page WHERE job_id = page.id AND page.is_old
            ), gone AS (
                DELETE FROM procrastinate_jobs AS job USING page WHERE job.id = page.id AND page.is_old RETURNING job.id
            )
            SELECT (SELECT count(*) FROM gone) AS deleted, (SELECT max(id) FROM page) AS last_id
        """),
        {
            "before": before,
            "statuses": ["failed"] if dead else ["succeeded", "cancelled", "aborted"],
            "after_id": after_id,
            "batch": _BATCH,
        },
    )
    deleted, last_id = row.one()
    return Swept(deleted=deleted, last_id=last_id if deleted else None)
