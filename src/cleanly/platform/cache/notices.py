"""Names that every process can see for a few seconds, in Redis or Valkey."""

from cleanly.platform.cache.metrics import TALLY
from cleanly.platform.cache.store import Store, StoreDown

_PREFIX = "cleanly:notice:"


class Notices:
    """The kernel's noticeboard. A store that is down makes every answer yes: that is the careful one."""

    def __init__(self, url: str) -> None:
        """Connects on first use."""
        self._store = Store(url, purpose="notices")

    async def note(self, name: str, seconds: float) -> None:
        """Pin a name up for so long; where that fails, `has` fails too, or answers within this process."""
        try:
            await self._store.run(lambda client: client.set(_PREFIX + name, b"1", px=int(seconds * 1000)))
        except StoreDown:
            TALLY.errors += 1

    async def has(self, name: str) -> bool:
        """Whether it is there, or the store does not say."""
        try:
            return bool(await self._store.run(lambda client: client.exists(_PREFIX + name)))
        except StoreDown:
            TALLY.errors += 1
            return True

    async def close(self) -> None:
        """Close the connections."""
        await self._store.close()
