"""The real service in a process of its own, whose clock moves on command. `stand.py` starts it.

    python -m sdks.scenarios.service DATABASE_URL PORT SECONDS_AHEAD

Reads `{"advance": seconds}` line by line and answers `{"ahead": seconds}`; ends when its input does.
"""

import asyncio
import json
import os
import signal
import sys
from datetime import datetime, timedelta

import uvloop

from cleanly.entry import context as contexts
from cleanly.entry import serve, settings
from cleanly.entry.health import Liveness
from cleanly.kernel.clock import Clock
from cleanly.kernel.observe import set_up_logging

_ROOMY = {
    f"rate_limit_{name}": "1000000/minute" for name in ("default", "auth", "refresh", "account", "mail", "webhooks")
}
_CHEAP_HASHES = {"argon2_memory_kib": 64, "argon2_time_cost": 1}


class MovedClock(Clock):
    """The machine's time, and as much ahead of it as it was told."""

    def __init__(self, ahead_seconds: float) -> None:
        self.ahead_seconds = ahead_seconds

    def now(self) -> datetime:
        """The machine's time, moved."""
        return super().now() + timedelta(seconds=self.ahead_seconds)


async def run(database_url: str, port: int, ahead_seconds: float) -> None:
    """Serve until the input ends."""
    found = settings.load(
        app_env="test",
        api_host="127.0.0.1",
        api_port=port,
        drain_seconds=0,
        log_level="error",
        database_seconds_max=15,
        **_ROOMY,
        **_CHEAP_HASHES,
    )
    set_up_logging(level="error", as_json=False, stream=sys.stderr)
    clock = MovedClock(ahead_seconds)
    async with contexts.build(found, database_url=database_url, name="scenarios", clock=clock) as context:
        context.part(Liveness).has_booted = True
        commands = asyncio.create_task(_obey(clock))
        commands.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGINT))
        await serve.server(context, found).serve()
        commands.cancel()


async def _obey(clock: MovedClock) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        clock.ahead_seconds += float(json.loads(line)["advance"])
        print(json.dumps({"ahead": clock.ahead_seconds}), flush=True)  # noqa: T201


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
