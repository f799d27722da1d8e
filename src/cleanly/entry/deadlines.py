"""One time limit for every call of a process, by one timer: `asyncio.timeout` sets and cancels one for each."""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """The time limit of one call, as `asyncio.timeout` is: past it the body is cancelled and `TimeoutError` rises."""

    __slots__ = ("_all", "_cancelled_before", "ends_at", "expired", "task")

    def __init__(self, deadlines: "Deadlines") -> None:
        self._all = deadlines
        self.expired = False
        self.ends_at = 0.0
        self.task: asyncio.Task[object] | None = None
        self._cancelled_before = 0

    def __enter__(self) -> Self:
        self._all.begin(self)
        self._cancelled_before = self.task.cancelling() if self.task is not None else 0
        return self

    def lift(self) -> None:
        """No limit from here on: for an answer that streams as long as its reader reads."""
        self._all.running.pop(self, None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._all.running.pop(self, None)
        if self.expired and self.task is not None:
            # Cancelled by somebody else as well (the server ends): that one wins.
            is_ours_alone = self.task.uncancel() <= self._cancelled_before
            if is_ours_alone and kind is asyncio.CancelledError:
                raise TimeoutError from error


class Deadlines:
    """All calls that run, in the order in which their time ends: the limit is the same for each."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.running: dict[Deadline, None] = {}

    def begin(self, deadline: Deadline) -> None:
        """Start one call's time; inside its task."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        deadline.task = asyncio.current_task(loop)
        deadline.ends_at = loop.time() + self._seconds
        self.running[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.ends_at, self._look)

    def _look(self) -> None:
        loop = self._loop
        assert loop is not None  # noqa: S101 - the timer was set by it
        self._timer = None
        now = loop.time()
        for deadline in list(self.running):
            if deadline.ends_at > now:
                self._timer = loop.call_at(deadline.ends_at, self._look)
                return
            del self.running[deadline]
            deadline.expired = True
            if deadline.task is not None:
                deadline.task.cancel()
