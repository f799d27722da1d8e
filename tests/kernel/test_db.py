"""The only commit."""

import asyncio

import psycopg
import pytest
from opentelemetry.metrics import CallbackOptions
from sqlalchemy import text

from cleanly.kernel import dbwatch
from cleanly.kernel.db import Database, after_commit
from cleanly.kernel.errors import Unavailable


async def test_a_block_that_ends_well_is_committed_and_one_that_raises_is_not(db: Database):
    insert = "INSERT INTO audit_events (id, at, action) VALUES (gen_random_uuid(), now(), :action)"
    ran: list[str] = []

    async def note() -> None:
        ran.append("committed")

    async with db.begin() as session:
        await session.execute(text(insert), {"action": "kept"})
        after_commit(session, note)

    async def fail() -> None:
        async with db.begin() as session:
            await session.execute(text(insert), {"action": "lost"})
            after_commit(session, note)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with db.read() as session:
        assert (await session.execute(text("SELECT action FROM audit_events"))).scalars().all() == ["kept"]
    assert ran == ["committed"]


async def test_a_statement_alone_is_committed_by_itself(db: Database):
    async with db.alone() as connection:
        await connection.execute("INSERT INTO audit_events (id, at, action) VALUES (gen_random_uuid(), now(), 'alone')")
        async with db.look() as session:  # another connection sees it at once
            assert (await session.execute(text("SELECT action FROM audit_events"))).scalars().all() == ["alone"]


async def test_statements_alone_share_one_connection_of_their_own(db: Database):
    backends: set[int] = set()
    for _ in range(3):
        async with db.alone() as connection:
            backends.add(connection.info.backend_pid)
    async with db.begin() as session:
        assert await session.scalar(text("SELECT pg_backend_pid()")) not in backends
    assert len(backends) == 1


async def test_a_refused_statement_costs_one_connection_and_the_next_gets_another(db: Database):
    backends: list[int] = []

    async def divide(by: int) -> None:
        async with db.alone() as connection:
            backends.append(connection.info.backend_pid)
            await connection.execute("SELECT 1 / %s::int", (by,))

    with pytest.raises(psycopg.errors.DivisionByZero):
        await divide(0)
    await divide(1)
    assert backends[0] != backends[1]


async def test_a_connection_killed_under_a_statement_is_unavailable_and_not_used_again(db: Database):
    async def die() -> None:
        async with db.alone() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable):
        await die()
    async with db.alone() as connection:
        cursor = await connection.execute("SELECT 1")
        assert await cursor.fetchone() == (1,)


async def test_a_call_cancelled_in_the_middle_leaves_nothing_to_the_next(db: Database):
    sent, backends = asyncio.Event(), list[int]()

    async def hang() -> None:
        async with db.alone() as connection:
            backends.append(connection.info.backend_pid)
            sent.set()
            await connection.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(hang())
    await sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with db.alone() as connection:
        cursor = await connection.execute("SELECT 1")
        assert await cursor.fetchone() == (1,)
        assert connection.info.backend_pid not in backends


async def test_a_statement_alone_ends_at_its_deadline_and_the_next_one_works(db: Database):
    async def sleep_long() -> None:
        async with db.alone(deadline_seconds=0.2) as connection:
            await connection.execute("SELECT pg_sleep(30)")

    async with asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await sleep_long()
    async with db.alone() as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_a_full_lane_is_a_503_at_the_deadline_and_counted_as_a_full_pool(database_url: str):
    database = Database(database_url, lane_size=1)
    before = dbwatch._errors["pool_timeout"]
    async with database.alone():
        with pytest.raises(Unavailable):
            async with database.alone(deadline_seconds=0.05):
                pytest.fail("nobody gave the one connection back")
        assert dbwatch._errors["pool_timeout"] == before + 1
        await database.ping()  # transactions have connections of their own
    async with database.alone():
        pass
    await database.close()


async def test_the_metrics_count_the_connections_of_both_pools(database_url: str, monkeypatch: pytest.MonkeyPatch):
    def counted() -> dict[tuple[str, ...], float]:
        seen = [one for look in (dbwatch._connections, dbwatch._most) for one in look(CallbackOptions())]
        return {tuple((one.attributes or {}).values()): one.value for one in seen}  # type: ignore[misc]

    monkeypatch.setattr(dbwatch, "_pools", set())
    database = Database(database_url, pool_size=7, lane_size=3)
    async with database.alone(), database.alone(), database.begin() as session:
        await session.execute(text("SELECT 1"))
        assert counted() == {
            ("transactions",): 7,
            ("transactions", "used"): 1,
            ("transactions", "idle"): 0,
            ("lane",): 3,
            ("lane", "used"): 2,
            ("lane", "idle"): 0,
        }
    at_rest = counted()
    assert (at_rest["transactions", "idle"], at_rest["lane", "idle"]) == (1, 2)
    await database.close()
    closed = counted()
    assert {closed[name, state] for name in ("transactions", "lane") for state in ("used", "idle")} == {0}
