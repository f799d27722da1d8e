"""A worker in a process of its own, to be killed: `python -m tests.platform.jobs.worker_process URL`."""

import asyncio
import sys

from sqlalchemy import text

from cleanly.entry.worker import run_until_signal
from cleanly.kernel.clock import Clock
from cleanly.kernel.context import Context
from cleanly.kernel.db import Database
from cleanly.kernel.module import FlowJob, Module
from cleanly.platform.cron.settings import CronSettings
from cleanly.platform.jobs.settings import JobsSettings
from tests.platform.jobs.conftest import NOTE, QUICK, Note, eventually, write


async def wait_for_the_word(context: Context, note: Note) -> None:
    """Say that the job has started, wait until a test says `go`, say that it is done."""
    async with context.db.begin() as session:
        await write(session, f"{note.text} started")

    async def told() -> bool:
        async with context.db.begin() as session:
            return (await session.execute(text("SELECT 1 FROM sample_effects WHERE note = 'go'"))).first() is not None

    await eventually(told, what="go")
    async with context.db.begin() as session:
        await write(session, f"{note.text} done")


SLOW = Module("sample", jobs=[FlowJob(NOTE, wait_for_the_word)])


async def main(url: str) -> None:
    db = Database(url, name="worker-process")
    context = Context(db, Clock(), {JobsSettings: QUICK, CronSettings: CronSettings()})
    await run_until_signal(context, [SLOW], QUICK, url=url)
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
