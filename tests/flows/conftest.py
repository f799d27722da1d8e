"""A PostgreSQL that a test may stop or freeze, a folder for its processes, and the service on a real socket."""

import asyncio
import contextlib
import pathlib
import shutil
import socket
import uuid
from collections.abc import AsyncGenerator, Generator

import pytest

from cleanly.entry import embedded, serve
from cleanly.entry.settings import Settings
from tests.conftest import DATA
from tests.flows.process import Postgres, until
from tests.world import World


@pytest.fixture(scope="session")
def own_postgres(server: embedded.EmbeddedServer) -> Generator[Postgres, None, None]:
    made = Postgres(server, DATA / f"faults_{uuid.uuid4().hex[:12]}")
    try:
        made.make()
        yield made
    finally:
        made.remove()


@pytest.fixture
def postgres(own_postgres: Postgres) -> Generator[Postgres, None, None]:
    """A running server with rows of other tests in it: use names of your own."""
    yield own_postgres
    own_postgres.thaw()
    own_postgres.start()


@pytest.fixture
def folder() -> Generator[pathlib.Path, None, None]:
    """For a process that PostgreSQL's own user must be able to read in: pytest's folders are closed to others."""
    made = DATA / f"process_{uuid.uuid4().hex[:12]}"
    made.mkdir(parents=True)
    yield made
    shutil.rmtree(made, ignore_errors=True)


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


__all__ = ["until"]
