"""Google's keys in memory: fetched when needed, kept as long as Google says, served on while Google is down."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cleanly.kernel.errors import Unavailable
from cleanly.platform.providers.google import keys
from cleanly.platform.providers.google.keys import PublicKey

FRESH_SECONDS_MIN: Final = 5 * 60
FRESH_SECONDS_MAX: Final = 24 * 3600
STALE_SECONDS_MAX: Final = 24 * 3600
UNKNOWN_PAUSE_SECONDS: Final = 60
FAILURE_PAUSE_SECONDS: Final = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchedJson:
    """The body of a 200, and how much longer its sender calls it fresh (None: it did not say)."""

    body: bytes
    max_age_seconds: int | None


Fetch = Callable[[str], Awaitable[FetchedJson]]


class KeySet:
    """One process's copy of the key set. For one event loop: it has no lock.

    `fetch` gets the address and raises for anything but a good answer; `monotonic` gives seconds that never run back.
    """

    def __init__(self, *, url: str, fetch: Fetch, monotonic: Callable[[], float], timeout_seconds: float) -> None:
        self._url = url
        self._fetch = fetch
        self._monotonic = monotonic
        self._timeout_seconds = timeout_seconds
        self._keys: Mapping[str, PublicKey] = {}
        self._fresh_until = -math.inf
        self._asked_at = -math.inf
        self._failed = False
        self._flight: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> PublicKey | None:
        """The key of that name, or None: Google has no such key.

        Raises:
            Unavailable: Google can't be asked, and what we know is too old or does not hold the key.
        """
        if self._monotonic() >= self._fresh_until and self._may_ask(FAILURE_PAUSE_SECONDS):
            await self._refresh()
        if self._monotonic() >= self._fresh_until + STALE_SECONDS_MAX:
            raise Unavailable(retry_after_seconds=FAILURE_PAUSE_SECONDS)
        key = self._keys.get(kid)
        # Google may have begun to sign with a new key. Anybody can invent names, so asking has a limit.
        if key is None and self._may_ask(UNKNOWN_PAUSE_SECONDS):
            await self._refresh()
            key = self._keys.get(kid)
        if key is None and self._failed:
            # The name may be a key that we could not learn of: to call the token bad would be a guess.
            raise Unavailable(retry_after_seconds=FAILURE_PAUSE_SECONDS)
        return key

    def _may_ask(self, pause_seconds: float) -> bool:
        return self._flying() is not None or self._monotonic() - self._asked_at >= pause_seconds

    def _flying(self) -> asyncio.Task[None] | None:
        return None if self._flight is None or self._flight.done() else self._flight

    async def _refresh(self) -> None:
        """Fetch, or wait for the fetch under way. It outlives the caller that began it: others wait for it too."""
        flight = self._flying()
        if flight is None:
            self._asked_at = self._monotonic()
            flight = self._flight = asyncio.create_task(self._load())
        await asyncio.shield(flight)

    async def _load(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                fetched = await self._fetch(self._url)
            found = keys.read(fetched.body)
        except Exception as error:  # noqa: BLE001  Google's outage, of any kind, must not take the known keys away
            self._failed = True
            _log.warning("google.keys_not_fetched", extra={"error": type(error).__name__, "reason": str(error)})
            return
        self._failed = False
        self._keys = found
        age = min(max(fetched.max_age_seconds or 0, FRESH_SECONDS_MIN), FRESH_SECONDS_MAX)
        self._fresh_until = self._monotonic() + age
