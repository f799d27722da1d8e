"""What an operator asks of the queue: what is dead, how much waits, for how long. Never a payload."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

Status = Literal["todo", "doing", "succeeded", "failed", "cancelled", "aborted"]


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that will not be tried again by itself; `error` is the last exception's class."""

    id: int
    task: str
    attempts: int
    died_at: datetime | None
    error: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many jobs of one task are in one state."""

    task: str
    status: Status
    jobs: int


@dataclass(frozen=True, slots=True)
class Depth:
    """Jobs that could run now, for how long the oldest of them has waited, and how many are dead."""

    due: int
    oldest_due_seconds: float
    dead: int


async def dead(
    session: AsyncSession, *, task: str | None = None, before_id: int | None = None, limit: int = 100
) -> list[DeadJob]:
    """Dead jobs, newest first; the next page begins before the last one's id."""
    rows = await session.execute(
        text("""
            SELECT job.id, job.task_name, job.attempts, job.args ->> 'error' AS error,
                job.args ->> 'request_id' AS request_id,
                (SELECT max(event.at) FROM procrastinate_events AS event
                    WHERE event.job_id = job.id AND event.type = 'failed') AS died_at
            FROM procrastinate_jobs AS job
            WHERE job.status = 'failed'
                AND (CAST(:task AS text) IS NULL OR job.task_name = :task)
                AND (CAST(:before_id AS bigint) IS NULL OR job.id < :before_id)
            ORDER BY job.id DESC LIMIT :limit
        """),
        {"task": task, "before_id": before_id, "limit": limit},
    )
    return [
        DeadJob(
            id=row.id,
            task=row.task_name,
            attempts=row.attempts,
            died_at=row.died_at,
            error=row.error,
            request_id=row.request_id,
        )
        for row in rows
    ]


async def counts(session: AsyncSession) -> list[Count]:
    """Every task's jobs by state."""
    rows = await session.execute(
        text("SELECT task_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2")
    )
    return [Count(task=task, status=status, jobs=jobs) for task, status, jobs in rows]


async def depth(session: AsyncSession) -> Depth:
    """What waits. A job without a time of its own has been due since it was asked for."""
    row = await session.execute(
        text("""
            WITH due AS (
                SELECT id, scheduled_at FROM procrastinate_jobs
                WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
            ), oldest AS (
                SELECT min(scheduled_at) AS since FROM due
                UNION ALL
                SELECT min(event.at) FROM procrastinate_events AS event
                WHERE event.job_id = (SELECT min(id) FROM due WHERE scheduled_at IS NULL) AND event.type = 'deferred'
            )
            SELECT (SELECT count(*) FROM due),
                coalesce(greatest(extract(epoch FROM now() - min(since)), 0), 0)::float,
                (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed')
            FROM oldest
        """)
    )
    due, seconds, dead_now = row.one()
    return Depth(due=due, oldest_due_seconds=seconds, dead=dead_now)
