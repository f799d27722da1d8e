"""The door of this machine: values as bytes, one load per miss, dropped on every process when they are forgotten."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from cleanly.kernel.clock import Clock
from cleanly.kernel.errors import Unavailable
from cleanly.platform.cache.follower import Follower
from cleanly.platform.cache.metrics import TALLY
from cleanly.platform.cache.near import Near
from cleanly.platform.cache.notices import Notices
from cleanly.platform.cache.settings import CacheSettings
from cleanly.platform.cache.shared import LEASE_SECONDS, Shared
from cleanly.platform.cache.store import Store, StoreDown

__all__ = ["Cache", "Load", "Notices", "Store", "StoreDown"]

Load = Callable[[], Awaitable[bytes | None]]

# Below the lease's life, so that a load that may still fill holds its lease.
LOAD_SECONDS_MAX = LEASE_SECONDS - 5
# The share by which a copy's life is lengthened or shortened, so that copies made together don't end together.
_JITTER = 0.1
_NOT_KEPT = -1


class _Flight:
    """One load under way, and whether what it brings may be kept."""

    __slots__ = ("gap", "is_stale", "task")

    def __init__(self, gap: int) -> None:
        self.gap = gap
        self.is_stale = False
        self.task: asyncio.Task[bytes | None]


class Cache:
    """What a process holds of values that are dear to load. `start` it, `close` it.

    Without a store: copies in this process alone. With one: shared copies behind the near ones, and near ones are kept
    only while this process hears what others forget. A store that is down costs the speed, never the answer.
    """

    def __init__(
        self,
        settings: CacheSettings,
        *,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`chance` gives numbers from 0 to 1. Connects to nothing yet."""
        self._clock = clock
        self._chance = chance
        self._value_bytes_max = settings.cache_value_bytes_max
        self._near = Near(settings.cache_entries_max)
        self._flights: dict[str, _Flight] = {}
        self._loading: set[asyncio.Task[bytes | None]] = set()
        # Counts the times when words of other processes may have been lost.
        self._gap = 0
        self._store: Store | None = None
        self._shared: Shared | None = None
        self._follower: Follower | None = None
        if settings.redis_url is not None:
            url = settings.redis_url.get_secret_value()
            self._store = Store(url, purpose="cache")
            self._shared = Shared(self._store)
            self._follower = Follower(
                url, on_forgotten=self._drop, on_gap=self._drop_all, settle=self._shared.settle, chance=chance
            )

    async def start(self) -> None:
        """Begin to hear other processes. Returns at once; until the store answers, every read asks the source."""
        if self._follower is not None:
            self._follower.start()

    async def close(self) -> None:
        """Stop listening, give up loads under way, close the connections."""
        if self._follower is not None:
            await self._follower.close()
        for task in self._loading:
            task.cancel()
        await asyncio.gather(*self._loading, return_exceptions=True)
        if self._store is not None:
            await self._store.close()

    @property
    def hears_others(self) -> bool:
        """Whether the store is up and this process hears what others forget; always so without a store."""
        return self._follower is None or self._follower.is_live

    def peek(self, key: str) -> bytes | None:
        """The near copy, if there is one: for a caller that can't wait."""
        value = self._near.get(key, self._clock.seconds())
        if value is not None:
            TALLY.hits += 1
        return value

    async def get_or_load(self, key: str, ttl_seconds: float, load: Load) -> bytes | None:
        """The copy, or what `load` brings; callers that miss together share one load.

        A None is not kept. The copy ends after `ttl_seconds`, give or take a tenth. `load` opens its own transaction:
        it runs in a task of its own and outlives a caller that goes away. Its errors are raised to all who wait.

        Raises:
            Unavailable: the load took more than `LOAD_SECONDS_MAX`.
        """
        value = self._near.get(key, self._clock.seconds())
        if value is not None:
            TALLY.hits += 1
            return value
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(self._gap if self.hears_others else _NOT_KEPT)
            flight.task = asyncio.create_task(self._fly(flight, key, ttl_seconds, load))
            self._loading.add(flight.task)
            flight.task.add_done_callback(self._landed)
        return await asyncio.shield(flight.task)

    async def forget(self, *keys: str) -> None:
        """Drop copies here and on every process. Call it after the commit that changed the source.

        Never fails: what the store can't be told now it is told when it is back. A read that began before this call
        may still answer with the old value, but leaves no copy of it.
        """
        for key in keys:
            self._drop(key)
        if self._shared is None or self._follower is None or not keys:
            return
        try:
            await self._shared.forget(keys)
        except BaseException as error:
            # Its first act on coming back is to tell what is owed.
            self._follower.renew()
            if not isinstance(error, StoreDown):
                raise
            TALLY.errors += 1
        # A reader may have fetched the shared copy just before it was deleted.
        for key in keys:
            self._drop(key)

    async def _fly(self, flight: _Flight, key: str, ttl_seconds: float, load: Load) -> bytes | None:
        try:
            lease: bytes | None = None
            if self._shared is not None and flight.gap != _NOT_KEPT:
                try:
                    found = await self._shared.read(key)
                except StoreDown:
                    TALLY.errors += 1
                else:
                    if found.value is not None:
                        TALLY.hits += 1
                        self._keep(flight, key, found.value, found.lasts_seconds)
                        return found.value
                    lease = found.lease
            TALLY.misses += 1
            value = await _bounded(load)
            if value is not None and len(value) <= self._value_bytes_max:
                lasts_seconds = ttl_seconds * (1 - _JITTER + 2 * _JITTER * self._chance())
                await self._share(flight, key, lease, value, lasts_seconds)
                self._keep(flight, key, value, lasts_seconds)
            return value
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]

    async def _share(self, flight: _Flight, key: str, lease: bytes | None, value: bytes, lasts_seconds: float) -> None:
        if self._shared is None or lease is None or flight.is_stale:
            return
        try:
            await self._shared.fill(key, lease, value, lasts_seconds)
        except StoreDown:
            TALLY.errors += 1

    def _keep(self, flight: _Flight, key: str, value: bytes, lasts_seconds: float) -> None:
        if not flight.is_stale and flight.gap == self._gap:
            self._near.put(key, value, now=self._clock.seconds(), lasts_seconds=lasts_seconds)

    def _landed(self, task: asyncio.Task[bytes | None]) -> None:
        self._loading.discard(task)
        # When every caller has gone away, nobody else looks at the error.
        if not task.cancelled():
            task.exception()

    def _drop(self, key: str) -> None:
        self._near.drop(key)
        # Who asks from now on must not join a load that may have read the old value.
        flight = self._flights.pop(key, None)
        if flight is not None:
            flight.is_stale = True

    def _drop_all(self) -> None:
        self._gap += 1
        self._near.clear()
        for flight in self._flights.values():
            flight.is_stale = True
        self._flights.clear()


async def _bounded(load: Load) -> bytes | None:
    deadline = asyncio.timeout(LOAD_SECONDS_MAX)
    try:
        async with deadline:
            return await load()
    except TimeoutError as error:
        if deadline.expired():
            raise Unavailable from error
        raise
