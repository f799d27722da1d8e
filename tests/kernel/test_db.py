"""The only commit."""

import pytest
from sqlalchemy import text

from cleanly.kernel.db import Database, after_commit


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
