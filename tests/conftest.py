"""Real PostgreSQL for every test: one embedded server, one migrated template, one clone per worker."""

import hashlib
import os
import pathlib
from collections.abc import AsyncGenerator, Generator

import fasteners
import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, settings
from psycopg import sql

from cleanly.entry import embedded, migrate
from cleanly.kernel.db import Database
from tests.moved_clock import MovedClock
from tests.published import unfitting
from tests.valkey import valkey
from tests.world import World, running

ROOT = pathlib.Path(__file__).parents[1]
DATA = ROOT / ".data" / "tests"
__all__ = ["valkey"]  # a fixture that every folder may ask for
_KEPT = ("alembic_version", "schema_history")
_ROWS_LEFT_TO_AUTOVACUUM = 2_000
# The same code gets the same verdict, however slow the machine; `--hypothesis-profile=search` looks for new examples.
_NO_CLOCK = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("search", **_NO_CLOCK)
settings.register_profile("steady", **_NO_CLOCK, derandomize=True)
settings.load_profile("steady")
# As structlog is when nobody sets it up, but for its tracebacks with locals: each takes a second to draw.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(scope="session")
def server() -> Generator[embedded.EmbeddedServer, None, None]:
    DATA.mkdir(parents=True, exist_ok=True)
    with fasteners.InterProcessLock(DATA / "server.lock"):
        running = embedded.start(DATA / "postgres")
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200"):
            running.execute(f"ALTER SYSTEM SET {setting}")
        running.execute("SELECT pg_reload_conf()")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def template(server: embedded.EmbeddedServer) -> str:
    """The name of a database with today's schema. Its name is the schema's, so it is made once per change."""
    content = hashlib.sha256()
    for path in sorted((ROOT / "migrations").rglob("*.py")):
        content.update(path.read_bytes())
    name = f"template_{content.hexdigest()[:16]}"
    with fasteners.InterProcessLock(DATA / "template.lock"):
        making = f"{name}_making"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(making)))
                server.create(making)
                migrate.migrate(server.url(making))
                connection.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(name))
                )
    return name


@pytest.fixture(scope="session")
def database_url(server: embedded.EmbeddedServer, template: str) -> Generator[str, None, None]:
    """This worker's own clone of the template, dropped at the end."""
    name = f"t_{os.getpid()}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(drop)
        with fasteners.InterProcessLock(DATA / "template.lock"):
            server.create(name, template=template)
        yield server.url(name)
        connection.execute(drop)


@pytest.fixture
async def db(request: pytest.FixtureRequest, database_url: str) -> AsyncGenerator[Database, None]:
    """A migrated, empty database. Its books must be sound at the end, unless the test is marked to break them."""
    database = Database(database_url, name="test")
    yield database
    await database.close()
    unsound = empty(database_url)
    assert unsound == [] or request.node.get_closest_marker("breaks_the_books")


def empty(database_url: str) -> list[str]:
    """Remove every row. Returns what `cleanly ledger check` would have found."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        looks = {
            view: connection.execute(f"SELECT * FROM {view}").fetchall() for view in ("ledger_drift", "ledger_faults")
        }
        # The books refuse to be emptied; a test may.
        connection.execute("SET session_replication_role = replica")
        for name in _with_rows(connection):
            gone = connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name))).rowcount
            if gone > _ROWS_LEFT_TO_AUTOVACUUM:
                connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(name)))
        connection.execute("""SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)
            FROM pg_sequences WHERE last_value IS NOT NULL""")
    return [f"{view}: {row}" for view, found in looks.items() for row in found]


def _with_rows(connection: psycopg.Connection) -> list[str]:
    """To truncate every table, or to ask each by itself, takes longer than most tests."""
    names = connection.execute(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT c.relname = ANY(%s)""",
        (list(_KEPT),),
    ).fetchall()
    looks = [sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name)) for (name,) in names]
    return [row[0] for row in connection.execute(sql.SQL(" UNION ALL ").join(looks))] if looks else []


@pytest.fixture
async def world(request: pytest.FixtureRequest, database_url: str, clock: MovedClock) -> AsyncGenerator[World, None]:
    """The whole service, lenient sessions, roomy limits. What a test made it publish is what the catalogue tells.

    Whatever a test did to it, its books are sound at the end, unless the test is marked to break them.
    """
    async with running(database_url, clock) as made:
        yield made
        faults = await unfitting(made)
    unsound = empty(database_url)
    assert faults == []
    assert unsound == [] or request.node.get_closest_marker("breaks_the_books")
