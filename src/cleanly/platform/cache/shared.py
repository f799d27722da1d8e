"""The copies that all processes share in Redis or Valkey: who may fill one, and how one is forgotten everywhere.

A reader that finds nothing leaves a lease in the key's place and fills the key only while that lease still lies there.
To forget is to delete, lease and all; so a value that was read before a commit can't come back after it, however slow
its reader is. Keys carry the server's run id: a server that restarts from an old snapshot begins empty.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from cleanly.platform.cache.store import Client, Store

CHANNEL = "cleanly:cache:forgotten"
# Longer than any load may take; after it another reader may fill.
LEASE_SECONDS = 15
_VALUE, _LEASE = b"v", b"l"
_FORGET_AT_ONCE_MAX = 500
# More than that is left to the copies' own ends.
_OWED_MAX = 100_000

_READ = """
local held = redis.call('GET', KEYS[1])
if held then return {held, redis.call('PTTL', KEYS[1])} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {ARGV[1], 0}
"""
_FILL = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a key: a value and how long it lasts, or the lease by which the reader may fill it, or neither."""

    value: bytes | None = None
    lasts_seconds: float = 0.0
    lease: bytes | None = None


class Shared:
    """The shared copies. Every call is bounded by the store's fuse."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = store.client.register_script(_READ)
        self._fill = store.client.register_script(_FILL)
        self._run_id: str | None = None
        # What could not be forgotten while the store was away; a dict, because it keeps the order.
        self._owed: dict[str, None] = {}

    async def read(self, key: str) -> Found:
        """Look, and take the lease if there is nothing.

        Raises:
            StoreDown: the store doesn't answer.
        """
        lease = _LEASE + secrets.token_bytes(16)

        async def call(client: Client) -> list[Any]:
            name = await self._name(client, key)
            return cast("list[Any]", await self._read(keys=[name], args=[lease, LEASE_SECONDS * 1000], client=client))

        held, left_ms = await self._store.run(call)
        if held.startswith(_VALUE):
            return Found(value=held[1:], lasts_seconds=left_ms / 1000)
        return Found(lease=lease if held == lease else None)

    async def fill(self, key: str, lease: bytes, value: bytes, lasts_seconds: float) -> None:
        """Put the value in the lease's place, if the lease still lies there.

        Raises:
            StoreDown: the store doesn't answer.
        """
        lasts_ms = max(1, int(lasts_seconds * 1000))

        async def call(client: Client) -> None:
            name = await self._name(client, key)
            await self._fill(keys=[name], args=[lease, _VALUE + value, lasts_ms], client=client)

        await self._store.run(call)

    async def forget(self, keys: Sequence[str]) -> None:
        """Delete everywhere and tell every process. What fails is owed, and made good by `settle`.

        Raises:
            StoreDown: the store doesn't answer.
        """
        try:
            await self._store.run(lambda client: self._forget(client, keys))
        except BaseException:
            # A cancelled caller too: whether the server heard it is not known.
            self._owe(keys)
            raise

    async def settle(self) -> None:
        """Forget what is owed; past the fuse, for whoever watches the server knows best that it is back.

        Raises:
            RedisError | OSError | TimeoutError: it is not.
        """
        self._run_id = None
        while self._owed:
            keys = list(self._owed)[:_FORGET_AT_ONCE_MAX]
            await self._forget(self._store.client, keys)
            for key in keys:
                self._owed.pop(key, None)

    def _owe(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._owed.pop(key, None)
            self._owed[key] = None
        while len(self._owed) > _OWED_MAX:
            del self._owed[next(iter(self._owed))]

    async def _forget(self, client: Client, keys: Sequence[str]) -> None:
        names = [await self._name(client, key) for key in keys]
        # One transaction: who hears of it and looks again must not find the old value.
        async with client.pipeline(transaction=True) as together:
            together.delete(*names)
            for key in keys:
                together.publish(CHANNEL, key)  # pyright: ignore[reportUnknownMemberType]
            await together.execute()

    async def _name(self, client: Client, key: str) -> str:
        if self._run_id is None:
            told = await client.info("server")  # pyright: ignore[reportUnknownMemberType]
            self._run_id = str(told["run_id"])
        return f"cleanly:cache:{self._run_id}:{key}"
