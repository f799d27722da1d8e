"""A dispatcher in a process of its own, to be killed in the middle of its work; its argument is the database."""

import asyncio
import random
import sys

from cleanly.entry import context as contexts
from cleanly.entry import settings as environment
from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.webhooks.outbound.dispatch.runner import Dispatcher
from tests.moved_clock import MovedClock
from tests.platform.webhooks.outbound.stage import QUICK


async def main(url: str) -> None:
    """Deliver until killed, by the clock that the tests begin with."""
    found = environment.load(app_env="test", **QUICK)
    async with contexts.build(found, database_url=url, name="victim", clock=MovedClock()) as context:
        dispatcher = Dispatcher(context, where=DatabaseUrl.parse(url), chance=random.Random(1))
        await dispatcher.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
