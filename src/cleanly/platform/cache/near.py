"""The copies in this process: bounded, each with an end, the least lately used one goes first."""

from collections import OrderedDict


class Near:
    """A hit costs a dictionary look-up. Times are seconds of one clock, which the caller reads."""

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self._entries: OrderedDict[str, tuple[float, float, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str, now: float) -> bytes | None:
        """The copy, or None when there is none or its time is over."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        # A wall clock that is set back must not lengthen a copy's life.
        if not entry[0] <= now < entry[1]:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry[2]

    def put(self, key: str, value: bytes, *, now: float, lasts_seconds: float) -> None:
        """Keep a copy for so long, or until it is the one that makes room."""
        self._entries[key] = (now, now + lasts_seconds, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget one copy."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
