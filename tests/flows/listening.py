"""The world's service behind the real HTTP server, for what only a socket can show."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator

from cleanly.entry import serve
from cleanly.entry.settings import Settings
from tests.world import World


@contextlib.asynccontextmanager
async def listening(world: World) -> AsyncGenerator[int, None]:
    """The world's service behind the real HTTP server; yields its port."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        running = serve.server(world.context, world.context.part(Settings))
        task = asyncio.create_task(running.serve(sockets=[line]))
        try:
            while not running.started:
                assert not task.done()
                await asyncio.sleep(0)
            yield int(line.getsockname()[1])
        finally:
            running.should_exit = True
            await task
