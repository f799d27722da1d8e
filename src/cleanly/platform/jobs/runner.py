"""One life of a worker: binds the slices' handlers to Procrastinate, claims jobs, runs them, ends in good order."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, assert_never

import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from pydantic import BaseModel, ValidationError

from cleanly.kernel import tracing
from cleanly.kernel.clock import Clock
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Task, Tick
from cleanly.kernel.module import FlowJob, Module, TxJob
from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.jobs import metrics, service
from cleanly.platform.jobs.errors import UnreadableJob
from cleanly.platform.jobs.line import line
from cleanly.platform.jobs.messages import Envelope
from cleanly.platform.jobs.outcomes import Outcomes
from cleanly.platform.jobs.rules import backoff_seconds, is_last
from cleanly.platform.jobs.settings import JobsSettings

Handler = TxJob[Any] | FlowJob[Any]
_log = structlog.get_logger(__name__)
_NAME = "cleanly"
_chance = random.SystemRandom()


class _WithoutPayloads(logging.Filter):
    """Procrastinate writes a job's arguments into its records. Ours say the same without them."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not hasattr(record, "job") and getattr(record, "action", "") != "ending_job"


_without_payloads = _WithoutPayloads()


def handlers(modules: Iterable[Module]) -> dict[str, Handler]:
    """Every handler by its task's name.

    Raises:
        ValueError: two handlers for one name, or a schedule without a handler: a fault of the program.
    """
    found: dict[str, Handler] = {}
    for module in modules:
        for job in module.jobs:
            if job.task.name in found:
                raise ValueError(f"two handlers for the task {job.task.name}")
            found[job.task.name] = job
    for cron in (cron for module in modules for cron in module.crons):
        if cron.task.name not in found:
            raise ValueError(f"no handler for the scheduled task {cron.task.name}")
    return found


class Runner:
    """Runs jobs until told to stop, or until the line to the database can't be held."""

    def __init__(
        self, context: Context, jobs: Mapping[str, Handler], settings: JobsSettings, *, where: DatabaseUrl
    ) -> None:
        self._context = context
        self._settings = settings
        connector = line(where)
        app = App(connector=connector)
        self._outcomes = Outcomes(connector, known=frozenset(jobs), clock=context.clock, on_lost=self._give_up)
        app.job_manager = self._outcomes
        for job in jobs.values():
            retry = _Retry(job.task, settings, context.clock)
            app.task(name=job.task.name, retry=retry, pass_context=True)(self._body(job))
        for name in ("procrastinate.worker", f"procrastinate.worker.{_NAME}"):
            logging.getLogger(name).addFilter(_without_payloads)
        metrics.known(jobs)
        self._app = app
        self._worker = Worker(
            app,
            name=_NAME,
            concurrency=settings.jobs_concurrency,
            listen_notify=not where.is_pooled if settings.jobs_listen is None else settings.jobs_listen,
            fetch_job_polling_interval=settings.jobs_poll_seconds_max,
            abort_job_polling_interval=3600.0,  # nobody aborts by request here
            shutdown_graceful_timeout=settings.shutdown_grace_seconds,
            update_heartbeat_interval=settings.jobs_heartbeat_seconds,
            stalled_worker_timeout=settings.jobs_stalled_seconds,
            install_signal_handlers=False,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Work. On `stop`: claim no more, let running jobs end for the grace, then abort them and give them back.

        Returns before `stop` when a part of the worker failed; what it held is then free for others.

        Raises:
            ConnectorException: Procrastinate could not reach the database.
            psycopg.Error: the same, while opening.
        """
        async with self._app.open_async():
            running = asyncio.create_task(self._worker.run(), name="jobs")  # type: ignore[no-untyped-call]
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
                self._worker.stop()  # type: ignore[no-untyped-call]
                await running
            finally:
                stopping.cancel()
                if not running.done():
                    running.cancel()
                    await asyncio.wait({running})

    def _give_up(self) -> None:
        self._worker.stop()  # type: ignore[no-untyped-call]

    def _body(self, job: Handler) -> Callable[..., Awaitable[None]]:
        async def body(running: JobContext, **stored: Any) -> None:
            brought = stored.get("traceparent")
            with tracing.within(str(brought) if brought else None, job.task.name, tracing.SpanKind.CONSUMER):
                await self._run(job, running.job, stored)

        return body

    async def _run(self, job: Handler, row: Job, stored: dict[str, Any]) -> None:
        job_id, attempt = row.id or 0, row.attempts + 1
        loop = asyncio.get_running_loop()
        started = loop.time()
        tracing.REQUEST_ID.set(None)
        outcome: metrics.Outcome = "succeeded"
        fault: Exception | None = None
        try:
            payload = _read(job.task, stored)
            async with asyncio.timeout(self._settings.jobs_run_seconds_max):
                outcome = await self._perform(job, job_id, payload)
        except asyncio.CancelledError:
            outcome = "given_back"
            raise
        except Exception as error:
            fault = error
            outcome = "dead" if _is_final(error, attempt, job.task) else "failed"
            self._outcomes.note_error(job_id, error)
            raise
        finally:
            seconds = loop.time() - started
            metrics.count(job.task.name, outcome)
            metrics.took(job.task.name, seconds)
            # A schedule that went well is no news: twenty of them in a minute would drown what is.
            well = _log.debug if job.task.payload is Tick else _log.info
            write = {"dead": _log.error, "failed": _log.warning, "given_back": _log.warning}.get(outcome, well)
            write(
                "job_finished",
                task=job.task.name,
                job_id=job_id,
                attempt=attempt,
                duration_seconds=round(seconds, 3),
                outcome=outcome,
                **({"exc_info": fault} if fault else {}),
            )

    async def _perform(self, job: Handler, job_id: int, payload: BaseModel) -> metrics.Outcome:
        match job:
            case TxJob():
                deadline = self._settings.jobs_transaction_seconds_max
                async with self._context.db.begin(deadline_seconds=deadline) as session:
                    # First, so that a second run of the same job waits here and not in the middle of the work.
                    if not await service.sign_receipt(session, job_id):
                        return "repeated"
                    await job.run(session, payload, self._context)
            case FlowJob():
                await job.run(self._context, payload)
            case _:
                assert_never(job)
        return "succeeded"


def _read(task: Task[Any], stored: dict[str, Any]) -> BaseModel:
    try:
        envelope = Envelope.model_validate(stored)
        tracing.REQUEST_ID.set(envelope.request_id)
        payload: BaseModel = task.payload.model_validate(envelope.payload)
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['type']}" for fault in error.errors()]
        # Not chained: the cause prints the values that it refused.
        raise UnreadableJob(", ".join(faults)) from None
    return payload


def _is_final(error: BaseException, attempt: int, task: Task[Any]) -> bool:
    return isinstance(error, UnreadableJob) or is_last(attempt, attempts_max=task.attempts_max)


class _Retry(BaseRetryStrategy):
    """Procrastinate asks this after each failed run."""

    def __init__(self, task: Task[Any], settings: JobsSettings, clock: Clock) -> None:
        self._task = task
        self._settings = settings
        self._clock = clock

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision()  # given back at once
        attempt = job.attempts + 1
        if _is_final(exception, attempt, self._task):
            return None
        seconds = backoff_seconds(
            attempt,
            chance=_chance.random(),
            first=self._settings.jobs_retry_seconds_first,
            most=self._settings.jobs_retry_seconds_max,
        )
        return RetryDecision(retry_at=self._clock.now() + timedelta(seconds=seconds))
