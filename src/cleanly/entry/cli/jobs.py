"""`cleanly jobs`: what waits, what died, and another try for it."""

from typing import Annotated

import typer
from rich.table import Table

from cleanly.entry.cli.running import fail, out, work
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.principal import SYSTEM
from cleanly.platform.audit import service as audit
from cleanly.platform.jobs import queries, service
from cleanly.platform.jobs.queries import Count, DeadJob, Depth

app = typer.Typer(help="Background work.", no_args_is_help=True)
AT_ONCE = 1000  # jobs that one transaction revives


@app.command()
def status() -> None:
    """How many jobs of each kind are in which state, and how long the oldest has waited."""

    async def run(context: Context) -> tuple[list[Count], Depth]:
        async with context.db.begin() as session:
            return await queries.counts(session), await queries.depth(session)

    counts, depth = work("cli", run)
    table = Table("task", "state", "jobs", box=None)
    for row in counts:
        table.add_row(row.task, row.status, str(row.jobs))
    out.print(table)
    out.print(f"due now: {depth.due}, the oldest for {depth.oldest_due_seconds:.0f} s")


@app.command()
def dead(limit: Annotated[int, typer.Option(min=1, max=1000)] = 100) -> None:
    """Jobs that gave up, the newest first."""

    async def run(context: Context) -> list[DeadJob]:
        async with context.db.begin() as session:
            return list(await queries.dead(session, limit=limit))

    table = Table("id", "task", "tries", "died at", "error", "request", box=None)
    for job in work("cli", run):
        table.add_row(
            str(job.id),
            job.task,
            str(job.attempts),
            rfc3339(job.died_at) if job.died_at else "",
            job.error or "",
            job.request_id or "",
        )
    out.print(table)


@app.command()
def retry(
    job_id: Annotated[int | None, typer.Argument(help="One job's id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead job.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Give a dead job, or all of them, another life."""
    if (job_id is None) == (not every):
        fail("name one job, or say --all")

    async def batch(context: Context) -> int:
        async with context.db.begin() as session:
            if job_id is not None:
                count = int(await service.retry_dead(session, job_id))
            else:
                count = await service.retry_all_dead(session, limit=AT_ONCE)
            if count:
                details = {"jobs": count} if job_id is None else {"job": job_id}
                await audit.record(session, "job.retried", at=context.clock.now(), origin=SYSTEM, details=details)
            return count

    async def run(context: Context) -> int:
        revived = last = await batch(context)
        while job_id is None and last == AT_ONCE:
            last = await batch(context)
            revived += last
        return revived

    revived = work("cli", run)
    if job_id is not None and not revived:
        fail(f"there is no dead job {job_id}")
    out.print(f"{revived} job{'' if revived == 1 else 's'} will be tried again")
