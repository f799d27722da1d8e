"""The pool of the hottest statements: who gets a connection, when, and which are never used again."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cleanly.kernel.lane import Lane, Seat
from cleanly.kernel.pgconn import DatabaseUrl, Patience, PatientConnection, connector


def lane_to(url: str, *, size: int = 3, trusted_seconds: float = 1.0, age_seconds_max: float = 120.0) -> Lane:
    connect = connector(DatabaseUrl.parse(url), application_name="lane", autocommit=True)
    return Lane(connect, size=size, trusted_seconds=trusted_seconds, age_seconds_max=age_seconds_max)


async def backend_of(seat: Seat) -> int:
    row = await (await seat.connection.execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    return int(row[0])


async def lent(lane: Lane, count: int) -> list[int]:
    """Lend so many at once. Returns their backends in the order in which they came back."""
    seats = [await lane.take() for _ in range(count)]
    backends = [await backend_of(seat) for seat in seats]
    for seat in seats:
        lane.give_back(seat)
    return backends


def end(url: str, *backends: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for backend in backends:
            assert connection.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,)).fetchone() == (True,)


async def test_the_connection_used_last_is_used_next(database_url: str):
    lane = lane_to(database_url)
    backends = await lent(lane, 3)
    assert await lent(lane, 1) == backends[2:]
    assert await lent(lane, 3) == list(reversed(backends))
    lane.close()


@pytest.mark.parametrize("trusted_seconds", [0.0, 60.0])
async def test_a_backend_that_ended_while_idle_is_noticed_by_nobody(database_url: str, trusted_seconds: float):
    lane = lane_to(database_url, trusted_seconds=trusted_seconds)
    first, second = await lent(lane, 2)
    end(database_url, second)
    (other,) = await lent(lane, 1)
    assert other not in {first, second}
    assert lane.checkedin() == 1, "the one idle for longer is under suspicion too"
    lane.close()


async def test_one_that_was_idle_for_long_is_pinged_and_kept(database_url: str):
    lane = lane_to(database_url, trusted_seconds=0.0)
    assert await lent(lane, 1) == await lent(lane, 1)
    lane.close()


async def test_an_old_connection_is_replaced_when_it_comes_back_and_when_it_was_idle(database_url: str):
    steady = lane_to(database_url, trusted_seconds=2.0, age_seconds_max=1.0)
    assert await lent(steady, 1) != await lent(steady, 1)
    assert steady.checkedin() == 0
    resting = lane_to(database_url, trusted_seconds=0.0)
    (backend,) = await lent(resting, 1)
    resting._idle[0].retires_at = 0.0  # as if two minutes had passed
    assert await lent(resting, 1) != [backend]
    assert (resting.checkedin(), resting.checkedout()) == (1, 0)
    resting.close()


async def test_one_that_comes_back_within_a_transaction_is_closed(database_url: str):
    lane = lane_to(database_url)
    seat = await lane.take()
    await seat.connection.execute("BEGIN")
    lane.give_back(seat)
    assert seat.connection.closed
    assert (lane.checkedin(), lane.checkedout()) == (0, 0)


async def test_close_ends_the_idle_ones_and_those_that_come_back_later(database_url: str):
    lane = lane_to(database_url)
    idle, used = await lane.take(), await lane.take()
    lane.give_back(idle)
    lane.close()
    assert idle.connection.closed
    assert not used.connection.closed
    lane.give_back(used)
    assert used.connection.closed
    assert (lane.checkedin(), lane.checkedout()) == (0, 0)


@dataclass
class Wire:
    """A connection to nowhere. Its pings are answered like its opening: late, and not always."""

    line: socket.socket
    maker: "Wires"
    is_open: bool = True
    transaction_status: TransactionStatus = TransactionStatus.IDLE
    users: int = 0

    @property
    def pgconn(self) -> "Wire":
        return self

    def fileno(self) -> int:
        return self.line.fileno()

    def finish(self) -> None:
        self.is_open = False

    async def execute(self, _query: str) -> None:
        await self.maker.answer()


@dataclass
class Wires:
    """Opens them, and knows how many there are. Each answer takes some turns of the loop, and may be an error."""

    line: socket.socket
    turns: int = 0
    fails: list[bool] = field(default_factory=list[bool])
    all: list[Wire] = field(default_factory=list[Wire])

    async def answer(self) -> None:
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if self.fails and self.fails.pop():
            raise psycopg.OperationalError("refused")

    async def connect(self) -> PatientConnection:
        await self.answer()
        self.all.append(Wire(self.line, self))
        return cast("PatientConnection", self.all[-1])

    @property
    def open_ones(self) -> int:
        return sum(wire.is_open for wire in self.all)


@contextmanager
def quiet() -> Generator[socket.socket, None, None]:
    here, there = socket.socketpair()
    with here, there:
        yield here


async def test_who_came_first_is_served_first_and_who_waits_too_long_is_refused():
    with quiet() as line:
        lane = Lane(Wires(line).connect, size=1)
        order: list[str] = []

        async def use(name: str, seconds: float) -> None:
            with Patience(seconds):
                seat = await lane.take()
            order.append(name)
            lane.give_back(seat)

        seat = await lane.take()
        waiting = [asyncio.create_task(use("first", 60)), asyncio.create_task(use("hasty", 0.02))]
        waiting += [asyncio.create_task(use(name, 60)) for name in ("second", "third")]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert lane.waiting == 3
        waiting.append(asyncio.create_task(use("fourth", 60)))
        lane.give_back(seat)
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(error) for error in ends if error is not None] == [PoolTimeout]
        assert order == ["first", "second", "third", "fourth"]
        assert (lane.checkedin(), lane.checkedout(), lane.waiting) == (1, 0, 0)


async def test_one_whose_ping_was_cancelled_is_closed():
    with quiet() as line:
        wires = Wires(line)
        lane = Lane(wires.connect, size=1, trusted_seconds=0.0)
        lane.give_back(await lane.take())
        wires.turns = 3
        asking = asyncio.create_task(lane.take())
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        assert (wires.open_ones, lane.checkedin(), lane.checkedout()) == (0, 0, 0)


USES = st.lists(
    st.tuples(
        st.integers(0, 4),  # turns of the loop before it comes
        st.integers(0, 3),  # turns that it holds the connection
        st.sampled_from(["ends well", "breaks it", "leaves it busy"]),
        st.none() | st.integers(0, 8),  # after so many turns it is cancelled
    ),
    max_size=12,
)


@given(USES, st.integers(1, 3), st.integers(0, 3), st.lists(st.booleans(), max_size=6), st.sampled_from([0.0, 60.0]))
def test_whoever_gives_up_and_whenever_no_place_is_lost_and_no_connection_has_two_users(
    uses: list[tuple[int, int, str, int | None]], size: int, turns: int, fails: list[bool], trusted_seconds: float
):
    with quiet() as line:
        wires = Wires(line, turns, list(fails))
        asyncio.run(crowd(wires, Lane(wires.connect, size=size, trusted_seconds=trusted_seconds), uses))


async def crowd(wires: Wires, lane: Lane, uses: list[tuple[int, int, str, int | None]]) -> None:
    async def pause(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    async def use(comes: int, holds: int, manner: str) -> None:
        await pause(comes)
        seat = await lane.take()
        wire = cast("Wire", seat.connection)
        wire.users += 1
        try:
            assert wire.is_open
            assert wire.users == 1
            assert wires.open_ones <= lane.size_max
            await pause(holds)
        except BaseException:
            lane.discard(seat)
            raise
        finally:
            wire.users -= 1
        if manner == "breaks it":
            lane.discard(seat)
            return
        if manner == "leaves it busy":
            wire.transaction_status = TransactionStatus.ACTIVE
        lane.give_back(seat)

    async def cancel(task: asyncio.Task[None], after: int) -> None:
        await pause(after)
        task.cancel()

    tasks = [asyncio.create_task(use(comes, holds, manner)) for comes, holds, manner, _ in uses]
    cancelling = [cancel(task, after) for task, (*_, after) in zip(tasks, uses, strict=True) if after is not None]
    async with asyncio.timeout(5):  # a place that is lost would be waited for
        ends, _ = await asyncio.gather(asyncio.gather(*tasks, return_exceptions=True), asyncio.gather(*cancelling))
    assert {type(error) for error in ends} <= {type(None), asyncio.CancelledError, psycopg.OperationalError}
    assert (lane.checkedout(), lane.waiting) == (0, 0)
    assert lane.checkedin() == wires.open_ones
    wires.fails.clear()
    async with asyncio.timeout(5):
        again = [await lane.take() for _ in range(lane.size_max)]
    assert wires.open_ones == len({id(seat.connection) for seat in again}) == lane.size_max
