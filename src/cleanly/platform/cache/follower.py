"""Hears which keys other processes forget, and says when it may have missed some."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from redis.asyncio.client import PubSub

from cleanly.platform.cache.shared import CHANNEL
from cleanly.platform.cache.store import FAULTS, connect

# Two silent beats and the connection counts as dead: a frozen server or a cut network raises no error by itself.
HEARTBEAT_SECONDS = 1.0
_PAUSE_SECONDS = 0.5
_CONNECT_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Follower:
    """One subscription, renewed for ever. While `is_live`, every word of another process arrives here."""

    def __init__(
        self,
        url: str,
        *,
        on_forgotten: Callable[[str], None],
        on_gap: Callable[[], None],
        settle: Callable[[], Awaitable[None]],
        chance: Callable[[], float],
    ) -> None:
        """`on_gap`: words may have been lost. `settle`: runs after each subscription, before `is_live`."""
        self._url = url
        self._on_forgotten = on_forgotten
        self._on_gap = on_gap
        self._settle = settle
        self._chance = chance
        self._task: asyncio.Task[None] | None = None
        self._ended: set[asyncio.Task[None]] = set()
        self.is_live = False

    def start(self) -> None:
        """Begin to listen, in the background: a server that is down must not hold up the start."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow_for_ever(), name="cache follower")

    def renew(self) -> None:
        """Subscribe anew, as after a loss; nothing to do if that is under way."""
        if self._task is None or not self.is_live:
            return
        self._lose()
        self._end(self._task)
        self._task = None
        self.start()

    async def close(self) -> None:
        """Stop listening."""
        self.is_live = False
        if self._task is not None:
            self._end(self._task)
            self._task = None
        await asyncio.gather(*self._ended, return_exceptions=True)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._ended.add(task)
        task.add_done_callback(self._ended.discard)
        task.cancel()

    def _lose(self) -> None:
        self.is_live = False
        self._on_gap()

    async def _follow_for_ever(self) -> None:
        while True:
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001 - whatever ended it, it must begin again: a deaf cache is stale
                if self.is_live:
                    _log.warning("cache.deaf", error=type(error).__name__)
                    self._lose()
                if not isinstance(error, FAULTS):
                    _log.exception("cache.follower_failed")
            # Not all processes at once.
            await asyncio.sleep(_PAUSE_SECONDS * (0.5 + self._chance()))

    async def _follow(self) -> None:
        client = connect(self._url, timeout_seconds=_CONNECT_SECONDS, retries=0, connections_max=1)
        channel = client.pubsub()  # pyright: ignore[reportUnknownMemberType]
        async with contextlib.aclosing(client), channel as subscription:
            async with asyncio.timeout(2 * _CONNECT_SECONDS):
                await subscription.subscribe(CHANNEL)
                while (first := await _next(subscription)) is None or first["type"] != "subscribe":
                    continue
                await self._settle()
            # No await between what is settled and being live: a debt made meanwhile would be overlooked.
            self._on_gap()
            self.is_live = True
            await self._listen(subscription)

    async def _listen(self, subscription: PubSub) -> None:
        is_asked = False
        while True:
            word = await _next(subscription)
            if word is not None:
                is_asked = False
                if word["type"] == "message":
                    self._on_forgotten(cast("bytes", word["data"]).decode(errors="replace"))
            elif is_asked:
                raise TimeoutError("the heartbeat was not answered")
            else:
                await subscription.ping()  # pyright: ignore[reportUnknownMemberType]
                is_asked = True


async def _next(subscription: PubSub) -> dict[str, Any] | None:
    return cast("dict[str, Any] | None", await subscription.get_message(timeout=HEARTBEAT_SECONDS))
