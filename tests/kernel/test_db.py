"""The only commit."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text

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


async def test_a_connection_used_alone_goes_back_as_it_was(db: Database):
    async with db.alone() as connection:
        backend = connection.info.backend_pid
    async with db.begin() as session:
        assert await session.scalar(text("SELECT pg_backend_pid()")) == backend
        await session.execute(
            text("INSERT INTO audit_events (id, at, action) VALUES (gen_random_uuid(), now(), 'kept')")
        )
        async with db.look() as other:
            assert (await other.execute(text("SELECT count(*) FROM audit_events"))).scalar_one() == 0


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
    sent = asyncio.Event()

    async def hang() -> None:
        async with db.alone() as connection:
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
