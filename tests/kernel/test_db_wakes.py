"""A compute that sleeps, drops its sockets and wakes: the first caller waits a little, nobody sees a 500."""

import asyncio
import contextlib
import pathlib
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from sqlalchemy import text

from cleanly.kernel.db import Database
from cleanly.kernel.errors import Unavailable
from tests.waiting import eventually


class Compute:
    """Stands before a real server, as a host's proxy does, and can sleep, drop and swallow."""

    def __init__(self, behind: str) -> None:
        self._behind = behind
        self._open: set[asyncio.StreamWriter] = set()
        self.is_asleep = False
        self.swallows_answers = False
        self.wakes_after: int | None = None
        self.knocks = 0
        self.farewells = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks += 1
        if self.wakes_after is not None and self.knocks >= self.wakes_after:
            self.is_asleep = False
        if self.is_asleep:
            writer.transport.abort()
            return
        back_reader, back_writer = await asyncio.open_unix_connection(self._behind)
        self._open |= {writer, back_writer}
        with contextlib.suppress(ConnectionError):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, back_writer))
                group.create_task(self._pass(back_reader, writer, is_answer=True))

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if is_answer and self.swallows_answers:
                    self.drop()
                    return
                target.write(data)
                await target.drain()
        target.close()
        self.farewells += is_answer

    def drop(self) -> None:
        """Every socket at once, without a word."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()


@pytest.fixture
async def asleep_or_awake(database_url: str) -> AsyncGenerator[tuple[Compute, Database], None]:
    """The compute, and a database door that leads through it."""
    parts = urlsplit(database_url)
    behind = pathlib.Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432"
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        made = Compute(str(behind))
        server = await asyncio.start_unix_server(made.serve, pathlib.Path(folder) / ".s.PGSQL.5432")
        database = Database(parts._replace(query=f"host={folder}").geturl(), deadline_seconds=3, name="wakes")
        yield made, database
        await database.close()
        made.drop()
        server.close()


async def in_a_transaction(database: Database) -> int:
    async with database.begin() as session:
        return int(await session.scalar(text("SELECT 1")) or 0)


async def alone(database: Database) -> int:
    async with database.alone() as connection:
        row = await (await connection.execute("SELECT 1")).fetchone()
        return int(row[0]) if row else 0


Ask = Callable[[Database], Awaitable[int]]
both_ways = pytest.mark.parametrize("one", [in_a_transaction, alone])


@both_ways
async def test_the_first_caller_wakes_a_sleeping_compute(asleep_or_awake: tuple[Compute, Database], one: Ask):
    compute, database = asleep_or_awake
    compute.is_asleep, compute.wakes_after = True, 3
    assert await one(database) == 1
    assert compute.knocks == 3


@both_ways
async def test_one_that_does_not_wake_is_a_503_and_the_next_call_finds_it_awake(
    asleep_or_awake: tuple[Compute, Database], one: Ask
):
    compute, database = asleep_or_awake
    compute.is_asleep = True
    with pytest.raises(Unavailable):
        await one(database)
    compute.is_asleep = False
    assert await one(database) == 1


@both_ways
async def test_sockets_dropped_while_nobody_spoke_are_noticed_by_nobody(
    asleep_or_awake: tuple[Compute, Database], one: Ask
):
    compute, database = asleep_or_awake
    assert set(await asyncio.gather(*(one(database) for _ in range(5)))) == {1}
    compute.drop()
    compute.is_asleep, compute.wakes_after = True, compute.knocks + 2
    assert set(await asyncio.gather(*(one(database) for _ in range(5)))) == {1}


@both_ways
async def test_killed_backends_are_noticed_by_nobody(
    asleep_or_awake: tuple[Compute, Database], database_url: str, one: Ask
):
    compute, database = asleep_or_awake
    await asyncio.gather(*(one(database) for _ in range(3)))
    with psycopg.connect(database_url, autocommit=True) as connection:
        ended = connection.execute(
            """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'wakes'"""
        ).fetchall()
    assert ended

    async def are_told() -> bool:
        return compute.farewells == len(ended)

    await eventually(are_told, what="the farewell of each")
    assert set(await asyncio.gather(*(one(database) for _ in range(3)))) == {1}


@both_ways
async def test_a_statement_that_may_have_run_is_never_run_again(
    asleep_or_awake: tuple[Compute, Database], database_url: str, one: Ask
):
    compute, database = asleep_or_awake
    assert await one(database) == 1
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE wakes_count")
        try:

            async def count_alone() -> None:
                compute.swallows_answers = True
                async with database.alone() as own:
                    await own.execute("SELECT nextval('wakes_count')")

            async def count_in_a_transaction() -> None:
                async with database.begin() as session:
                    await session.scalar(text("SELECT 1"))
                    compute.swallows_answers = True
                    await session.scalar(text("SELECT nextval('wakes_count')"))

            with pytest.raises(Unavailable):
                await (count_alone() if one is alone else count_in_a_transaction())
            compute.swallows_answers = False
            assert await one(database) == 1
            # A sequence forgets no step, not even one that was rolled back.
            assert connection.execute("SELECT last_value, is_called FROM wakes_count").fetchone() == (1, True)
        finally:
            connection.execute("DROP SEQUENCE wakes_count")
