"""How a job's end is written down: only by the worker that still holds it, and through an outage."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Literal, LiteralString

import structlog
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback

from cleanly.kernel.clock import Clock
from cleanly.platform.jobs import metrics
from cleanly.platform.jobs.line import is_outage
from cleanly.platform.jobs.messages import ATTEMPTS_MAX_DEFAULT
from cleanly.platform.jobs.rules import is_last

_log = structlog.get_logger(__name__)
# Old and new code overlap for about a minute at a deploy.
_DEPLOY_SECONDS = 60
_TRIES = 3  # each waits up to the pool's timeout for the server
# The fence is worker_id: a worker that was frozen and taken for lost must not end a job that another one runs by now.
# What succeeded needs no payload any more, and a payload may hold what should not lie about, such as a mail's link.
_END: LiteralString = """
    UPDATE procrastinate_jobs
    SET status = %(status)s::procrastinate_job_status,
        attempts = attempts + %(tries)s,
        scheduled_at = coalesce(%(retry_at)s::timestamptz, scheduled_at),
        args = CASE WHEN %(status)s::text = 'succeeded' THEN args - 'payload' - 'error'
            ELSE args || jsonb_strip_nulls(jsonb_build_object('error', %(error)s::text)) END
    WHERE id = %(id)s AND status = 'doing' AND worker_id = %(worker_id)s
    RETURNING id
"""


class Outcomes(JobManager):
    """Procrastinate's job manager with a fence.

    `on_lost` is called when an outcome could not be written: the worker must then end, because while its heart
    beats nobody else takes the job up.
    """

    def __init__(
        self, connector: BaseConnector, *, known: Collection[str], clock: Clock, on_lost: Callable[[], None]
    ) -> None:
        super().__init__(connector)
        self._clock = clock
        self._known = known
        self._on_lost = on_lost
        self._errors: dict[int, str] = {}
        self._has_heard = False

    def note_error(self, job_id: int, error: BaseException) -> None:
        """Remember why this run failed until its end is written down."""
        self._errors[job_id] = type(error).__name__

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Claim a job that has a handler. None too while the server is away."""
        try:
            while True:
                # The worker forgets what it hears while it fetches, and a job of just then may be too new for the
                # look that is under way: without another look it would lie until the next poll.
                self._has_heard = False
                job = await super().fetch_job(queues, worker_id)
                if job is None and not self._has_heard:
                    return None
                if job is not None and job.task_name in self._known:
                    return job
                if job is not None:
                    await self._put_off(job)
        except ConnectorException as error:
            if not is_outage(error):
                raise
            _log.warning("jobs_fetch_failed", error=type(error.__cause__).__name__)
            return None

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Pass on what is heard, and note it for the fetch under way."""

        async def heard(*, channel: str, notification: Notification) -> None:
            self._has_heard = True
            await on_notification(channel=channel, notification=notification)

        await super().listen_for_jobs(on_notification=heard, queues=queues)

    async def _put_off(self, job: Job) -> None:
        """A task without a handler here may have one in the release that is just being deployed: leave it for that."""
        is_dead = is_last(
            job.attempts + 1, attempts_max=int(str(job.task_kwargs.get("attempts_max", ATTEMPTS_MAX_DEFAULT)))
        )
        outcome: Literal["dead", "failed"] = "dead" if is_dead else "failed"
        _log.error("job_finished", task=job.task_name, job_id=job.id, outcome=outcome, reason="no handler of that name")
        metrics.count("unknown", outcome)
        if is_dead:
            await self._write(job, "failed", error="UnknownTask")
        else:
            retry_at = self._clock.now() + timedelta(seconds=_DEPLOY_SECONDS)
            await self._write(job, "todo", retry_at=retry_at, error="UnknownTask")

    async def update_heartbeat(self, worker_id: int) -> None:
        """A missed beat is no reason to end: if too many are missed, the fence keeps order."""
        try:
            await super().update_heartbeat(worker_id)
        except ConnectorException as error:
            if not is_outage(error):
                raise
            _log.warning("jobs_heartbeat_failed", error=type(error.__cause__).__name__)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002, FBT001 - inherited
        """The run ended for good."""
        if status is Status.SUCCEEDED:
            await self._write(job, "succeeded")
        else:
            await self._write(job, "failed", error=self._error(job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,  # noqa: ARG002 - inherited
        queue: str | None = None,  # noqa: ARG002
        lock: str | None = None,  # noqa: ARG002
    ) -> None:
        """The run failed and may be tried again; without a time it was interrupted by us, which is no try."""
        if retry_at is None:
            await self._write(job, "todo", tries=0)
        else:
            await self._write(job, "todo", retry_at=retry_at, error=self._error(job))

    def _error(self, job: Job) -> str:
        return self._errors.pop(job.id or 0, "Unknown")

    async def _write(
        self,
        job: Job,
        status: Literal["todo", "succeeded", "failed"],
        *,
        tries: int = 1,
        retry_at: datetime | None = None,
        error: str | None = None,
    ) -> None:
        for _ in range(_TRIES):
            try:
                rows = await self.connector.execute_query_all_async(
                    _END,
                    id=job.id,
                    worker_id=job.worker_id,
                    status=status,
                    tries=tries,
                    retry_at=retry_at,
                    error=error,
                )
            except ConnectorException as fault:
                _log.warning("job_outcome_not_written", job_id=job.id, error=type(fault.__cause__).__name__)
                if not is_outage(fault):
                    break
            else:
                if not rows:
                    _log.warning("job_no_longer_ours", task=job.task_name, job_id=job.id)
                return
        _log.error("job_outcome_lost", task=job.task_name, job_id=job.id)
        self._on_lost()
