"""Who has written within the last seconds: such a caller is not shown a replica, which may not have heard of it yet."""

import time
from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from typing import NamedTuple, Protocol
from uuid import UUID

SECONDS = 5.0
_REMEMBERED_MAX = 50_000


class Acting(NamedTuple):
    """Whom the present request is for, and whether it may change something."""

    user_id: UUID
    writes: bool


# Set by the door that lets a caller in. Jobs and schedules have none.
ACTING: ContextVar[Acting | None] = ContextVar("cleanly_acting", default=None)


class Noticeboard(Protocol):
    """What all processes can see (implemented in platform). Neither method fails: in doubt somebody has written."""

    async def note(self, name: str, seconds: float) -> None:
        """Pin a name up for so long."""
        ...

    async def has(self, name: str) -> bool:
        """Whether it is there, or nobody can tell."""
        ...


class Writers:
    """Callers that have written, in this process; with a noticeboard in any."""

    def __init__(self, board: Noticeboard | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        self._board = board
        self._now = now
        self._until: OrderedDict[UUID, float] = OrderedDict()

    async def note(self) -> None:
        """A transaction has committed; it was a write of the caller's, if there is one who may write."""
        acting = ACTING.get()
        if acting is None or not acting.writes:
            return
        self._until[acting.user_id] = self._now() + SECONDS
        self._until.move_to_end(acting.user_id)
        if len(self._until) > _REMEMBERED_MAX:
            self._until.popitem(last=False)
        if self._board is not None:
            await self._board.note(_name(acting.user_id), SECONDS)

    async def include_the_caller(self) -> bool:
        """Whether the present caller has written within the last seconds."""
        acting = ACTING.get()
        if acting is None:
            return False
        if self._until.get(acting.user_id, 0.0) > self._now():
            return True
        return self._board is not None and await self._board.has(_name(acting.user_id))


def _name(user_id: UUID) -> str:
    return f"wrote:{user_id}"
