"""Release every due hold through the flow that the schedule runs, in one process: prints seconds and MiB."""

import os
import sys
import time

from bench.machine import memory_mib
from cleanly.domain.payments.holds import flows
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.kernel.clock import Clock
from cleanly.kernel.context import Context
from cleanly.kernel.db import Database
from cleanly.kernel.messages import Tick


async def main(url: str) -> None:
    """One run of the schedule, however many pages it takes."""
    db = Database(url, pool_size=2, deadline_seconds=30)
    context = Context(db=db, clock=Clock(), parts={PaymentSettings: PaymentSettings()})
    began = time.monotonic()
    await flows.run(context, Tick(due_at="bench"))
    print(time.monotonic() - began, memory_mib(os.getpid()))
    await db.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1]))
