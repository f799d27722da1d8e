"""How a request may die: the process ends, the database's connection is killed, or its word of a commit is lost."""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.errors import Unavailable
from cleanly.platform.providers.breaker import Guard
from tests.world import World

T = TypeVar("T")
_KILL_MILLISECONDS_MAX = 5000


class Died(BaseException):
    """The end of a process: nothing that handles errors may see it."""


class Death(Enum):
    """What ends, and where: around transactions and calls, within transactions (the provider's too), after commits."""

    PROCESS = frozenset({"before", "after"})
    CONNECTION = frozenset({"begun", "committing", "begun there", "committing there"})
    WORD = frozenset({"committed"})


class Deaths:
    """Counts the points at which a request may die, and lets it die at the one that is asked for.

    A provider lives on when our process ends: what goes on within its calls has points of its own.
    """

    def __init__(self, world: World, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._url = database_url
        self._death: Death | None = None
        self._left = 0
        self._is_outside = False
        self.has_struck = False
        self.passed: Counter[str] = Counter()
        db = world.context.db
        begin, call = db.begin, Guard.call

        @asynccontextmanager
        async def mortal_begin(**options: Any) -> AsyncGenerator[AsyncSession, None]:
            self._step("before")
            async with begin(**options) as session:
                await self._step_within("begun", session)
                yield session
                await self._step_within("committing", session)
            if self._is_struck("committed"):
                raise Unavailable
            self._step("after")

        async def mortal_call(guard: Guard, operation: str, ask: Callable[..., Any]) -> Any:
            self._step("before")
            self._is_outside = True
            try:
                answer = await call(guard, operation, ask)
            finally:
                self._is_outside = False
            self._step("after")
            return answer

        monkeypatch.setattr(db, "begin", mortal_begin)
        monkeypatch.setattr(Guard, "call", mortal_call)

    def _is_struck(self, point: str) -> bool:
        place = f"{point} there" if self._is_outside else point
        self.passed[place] += 1
        if self._death is None or place not in self._death.value:
            return False
        self._left -= 1
        if self._left >= 0:
            return False
        self._death = None
        self.has_struck = True
        return True

    def _step(self, point: str) -> None:
        if self._is_struck(point):
            raise Died

    async def _step_within(self, point: str, session: AsyncSession) -> None:
        if not self._is_struck(point):
            return
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as other:
            found = await other.execute("SELECT pg_terminate_backend(%s, %s)", (pid, _KILL_MILLISECONDS_MAX))
            assert await found.fetchone() == (True,)

    async def places(self, death: Death, call: Awaitable[Any]) -> int:
        """At how many places this call could die so; here it lives."""
        self.passed.clear()
        await call
        return sum(self.passed[place] for place in death.value)

    async def strike(self, death: Death, step: int, call: Awaitable[T]) -> T | None:
        """What came of it: None if it died, or if what it had to do in the background is left for another time."""
        self._death, self._left, self.has_struck = death, step, False
        try:
            return await call
        except BaseException as error:
            if not _is_death(error):
                raise
            return None
        finally:
            self._death = None


def _is_death(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_death(one) for one in error.exceptions)
    return isinstance(error, Died | Unavailable)
