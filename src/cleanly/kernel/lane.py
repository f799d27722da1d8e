"""A pool for statements that are their whole transaction. SQLAlchemy's costs them more than they do (ADR 0023)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic, perf_counter

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cleanly.kernel.dbwatch import WAITS, watch
from cleanly.kernel.pgconn import Patience, PatientConnection, ear

_IDLE = TransactionStatus.IDLE


class Seat:
    """A connection of the lane. Until `trusted_until` it needs no ping, if its socket is quiet."""

    __slots__ = ("connection", "news", "retires_at", "trusted_until")

    def __init__(self, connection: PatientConnection, *, retires_at: float) -> None:
        self.connection = connection
        self.news = ear(connection).poll
        self.retires_at = retires_at
        self.trusted_until = 0.0


class Lane:
    """At most `size` connections, opened when they are needed; the one used last is used next.

    A place is a connection that is lent, idle or being opened. Who comes when all places are taken stands in a queue;
    while somebody stands there, nothing is idle.
    """

    name = "lane"

    def __init__(
        self,
        connect: Callable[[], Awaitable[PatientConnection]],
        *,
        size: int,
        trusted_seconds: float = 1.0,
        age_seconds_max: float = 120.0,
    ) -> None:
        self._connect = connect
        self._trusted_seconds = trusted_seconds
        self._age_seconds_max = age_seconds_max
        self._idle: list[Seat] = []
        self._queue: deque[asyncio.Future[Seat | None]] = deque()
        self._places = 0
        self._is_closed = False
        self.size_max = size
        self.waiting = 0
        watch(self)

    def checkedout(self) -> int:
        """How many are lent or being opened."""
        return self._places - len(self._idle)

    def checkedin(self) -> int:
        """How many are idle."""
        return len(self._idle)

    async def take(self) -> Seat:
        """A connection in autocommit that nobody else has. It must come back: by `give_back`, or by `discard`.

        Raises:
            PoolTimeout: all were lent until the deadline. psycopg.Error: none could be opened.
        """
        seat = self._idle.pop() if self._idle else None
        if seat is not None and monotonic() < seat.trusted_until and not seat.news(0):
            WAITS.record((), 0.0)
            return seat
        began = perf_counter()
        self.waiting += 1
        try:
            return await self._ready(seat or await self._place())
        finally:
            self.waiting -= 1
            WAITS.record((), perf_counter() - began)

    def give_back(self, seat: Seat) -> None:
        """It has done what it was asked. One that is old, or still in the middle of something, is closed."""
        seat.trusted_until = monotonic() + self._trusted_seconds
        if (
            seat.connection.pgconn.transaction_status == _IDLE
            and seat.trusted_until < seat.retires_at
            and not self._is_closed
        ):
            self._pass_on(seat)
        else:
            self.discard(seat)

    def discard(self, seat: Seat) -> None:
        """Broken, or cancelled in the middle: nobody else may meet what it still has to say."""
        seat.connection.pgconn.finish()
        self._pass_on(None)

    def close(self) -> None:
        """Close the idle ones now, and those that are lent when they come back."""
        self._is_closed = True
        while self._idle:
            self.discard(self._idle.pop())

    async def _place(self) -> Seat | None:
        """A place: with its connection, or without one, which is then to be opened."""
        if self._places < self.size_max:
            self._places += 1
            return None
        turn: asyncio.Future[Seat | None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout_at(Patience.deadline()):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # it came as we were leaving
                self._pass_on(turn.result())
            if isinstance(error, TimeoutError):
                raise PoolTimeout("every connection of the lane was in use until the deadline") from error
            raise

    async def _ready(self, seat: Seat | None) -> Seat:
        """Make the place's connection one that can be relied on. If that fails, the place is free again."""
        try:
            if seat is not None:
                if await self._is_sound(seat):
                    return seat
                seat.connection.pgconn.finish()
            return Seat(await self._connect(), retires_at=monotonic() + self._age_seconds_max)
        except BaseException:
            if seat is not None:
                seat.connection.pgconn.finish()
            self._pass_on(None)
            raise

    async def _is_sound(self, seat: Seat) -> bool:
        now = monotonic()
        if now >= seat.retires_at:
            return False
        if now < seat.trusted_until and not seat.news(0):
            return True
        try:
            await seat.connection.execute(";")
        except psycopg.Error:
            # What has cut this one off has most likely cut off those that have been idle for longer.
            while self._idle:
                self.discard(self._idle.pop())
            return False
        return True

    def _pass_on(self, seat: Seat | None) -> None:
        """A place, with or without its connection, goes to who has waited longest; else it is idle, or free."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():  # else its caller has given up
                turn.set_result(seat)
                return
        if seat is None:
            self._places -= 1
        else:
            self._idle.append(seat)
