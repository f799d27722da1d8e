"""A provider's access token in memory: fetched once for all who wait, kept to its expiry less a minute."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

EARLY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Token:
    """`expires_in`: seconds from the moment it was asked for."""

    text: str
    expires_in: float


class Tokens:
    """For one event loop: it has no lock. `monotonic` gives seconds that never run back."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], *, monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._text = ""
        self._fresh_until = float("-inf")
        self._flight: asyncio.Task[None] | None = None

    async def get(self) -> str:
        """A token that is good for now. Raises what `fetch` raises."""
        if self._monotonic() >= self._fresh_until:
            await self._refresh()
        return self._text

    async def renew(self, stale: str) -> str:
        """Another one, after the provider turned `stale` away; who comes second with the same one gets the new one."""
        if self._text == stale:
            self._fresh_until = float("-inf")
        return await self.get()

    async def close(self) -> None:
        """Stop fetching."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait([self._flight])

    async def _refresh(self) -> None:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._load())
            self._flight.add_done_callback(_look_at_its_error)
        # It outlives the caller that began it: others wait for it too.
        await asyncio.shield(self._flight)

    async def _load(self) -> None:
        began = self._monotonic()
        token = await self._fetch()
        self._text = token.text
        self._fresh_until = began + token.expires_in - EARLY_SECONDS


def _look_at_its_error(task: asyncio.Task[None]) -> None:
    """All who waited may be gone: then nobody else takes the error from the task, and asyncio complains."""
    if not task.cancelled():
        task.exception()
