"""Ask for the payout of every seller whose schedule is due, as the schedule and its jobs do: prints seconds and MiB."""

import asyncio
import os
import sys
import time

from sqlalchemy import text

from bench.machine import memory_mib
from cleanly.domain.payouts.schedules import jobs
from cleanly.domain.payouts.schedules.messages import PAY_SELLER, DueSeller
from cleanly.entry import context as contexts
from cleanly.entry import settings
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick

AT_ONCE = 4
PAGE = 500
_CLAIM = text(
    "DELETE FROM procrastinate_jobs WHERE id = ANY(ARRAY(SELECT id FROM procrastinate_jobs WHERE task_name = :task"
    " AND status = 'todo' ORDER BY id LIMIT :size FOR UPDATE SKIP LOCKED)) RETURNING args"
)


async def main(url: str) -> None:
    """One run of the schedule, and its jobs."""
    found = settings.load(app_env="test", payout_first_review="off")
    async with contexts.build(found, database_url=url, name="bench") as context:
        began = time.monotonic()
        await jobs.run(context, Tick(due_at="bench"))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(_work(context))
        print(time.monotonic() - began, memory_mib(os.getpid()))


async def _work(context: Context) -> None:
    while True:
        async with context.db.begin() as session:
            page = [row.args for row in await session.execute(_CLAIM, {"task": PAY_SELLER.name, "size": PAGE})]
        if not page:
            return
        for args in page:
            async with context.db.begin() as session:
                await jobs.pay_seller(session, DueSeller.model_validate(args["payload"]), context)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1]))
