"""Books on a real database, sound at the end of every test that does not break them on purpose."""

from collections.abc import AsyncGenerator

import psycopg
import pytest

from cleanly.kernel.db import Database
from tests.conftest import empty
from tests.domain.ledger.books import Books


@pytest.fixture
async def books(db: Database) -> AsyncGenerator[Books, None]:
    made = Books(db)
    yield made
    await made.assert_sound()


@pytest.fixture
async def crowd(database_url: str) -> AsyncGenerator[Books, None]:
    """Books that 32 may write in at the same time."""
    database = Database(database_url, name="crowd", pool_size=32, pool_overflow=0, deadline_seconds=60)
    made = Books(database)
    yield made
    await made.assert_sound()
    await database.close()
    empty(database_url)


@pytest.fixture
async def broken(
    request: pytest.FixtureRequest, db: Database, database_url: str
) -> AsyncGenerator[tuple[Books, "psycopg.Connection"], None]:
    """Books, and a connection past every trigger: what an operator's slip or a lost disk block could do."""
    request.node.add_marker("breaks_the_books")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Books(db), connection
