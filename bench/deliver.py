"""A dispatcher in a process of its own, until so many deliveries have succeeded; prints how many a second."""

import asyncio
import gc
import json
import random
import sys
import time

from sqlalchemy import text

from cleanly.entry import context as contexts
from cleanly.entry import settings as environment
from cleanly.kernel.context import Context
from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.webhooks.outbound.dispatch.runner import Dispatcher


async def succeeded(context: Context) -> int:
    """How many have arrived."""
    async with context.db.begin() as session:
        found = await session.execute(text("SELECT count(*) FROM outbound_deliveries WHERE state = 'succeeded'"))
        return int(found.scalar_one())


async def main(url: str, wanted: int, warm: int, seconds_max: float) -> None:
    """The clock runs from the first `warm` deliveries on: a dispatcher lives for days, its first second is not it."""
    settings = environment.load(app_env="test", outbound_loopback="on", log_level="warning")
    async with contexts.build(settings, database_url=url, name="bench") as context:
        stop = asyncio.Event()
        gc.collect()  # as the worker does
        gc.freeze()
        dispatcher = Dispatcher(context, where=DatabaseUrl.parse(url), chance=random.Random(1))
        running = asyncio.create_task(dispatcher.run(stop))
        deadline, began, at_start, cpu = time.monotonic() + seconds_max, 0.0, 0, 0.0
        while time.monotonic() < deadline and not running.done():
            done, now = await succeeded(context), time.monotonic()
            if not began and done >= warm:
                began, at_start, cpu = now, done, time.process_time()
            if done >= wanted:
                passed = now - began
                told = {"per_second": (done - at_start) / passed, "cpu": (time.process_time() - cpu) / passed}
                print(json.dumps(told), flush=True)
                break
            await asyncio.sleep(0.1)
        stop.set()
        await running


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
