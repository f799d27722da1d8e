"""What the cache tests share: caches that are closed afterwards, a source that counts its loads."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from cleanly.platform.cache.service import Cache
from cleanly.platform.cache.settings import CacheSettings
from tests.conftest import MovedClock
from tests.valkey import Valkey, until, valkey

__all__ = ["valkey"]

Open = Callable[..., Awaitable[Cache]]


class Source:
    """The truth that is cached. `hold` keeps a load from returning what it has already read, until `release`."""

    def __init__(self, value: bytes | None = b"old") -> None:
        self.value = value
        self.loads = 0
        self.has_read = asyncio.Event()
        self._may_return = asyncio.Event()
        self._may_return.set()

    def hold(self) -> None:
        self.has_read.clear()
        self._may_return = asyncio.Event()

    def release(self) -> None:
        self._may_return.set()

    async def __call__(self) -> bytes | None:
        self.loads += 1
        value, may_return = self.value, self._may_return
        self.has_read.set()
        await may_return.wait()
        return value


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def open_cache(clock: MovedClock) -> AsyncGenerator[Open, None]:
    """Makes caches as processes of their own would have them; with a server, connected to it."""
    opened: list[Cache] = []

    async def make(server: Valkey | None = None, **settings: object) -> Cache:
        url = {"redis_url": server.url} if server else {}
        cache = Cache(CacheSettings.model_validate(url | settings), clock=clock, chance=lambda: 0.5)
        opened.append(cache)
        await cache.start()
        if server is not None:
            await until(lambda: cache.hears_others)
        return cache

    yield make
    for cache in opened:
        await cache.close()
