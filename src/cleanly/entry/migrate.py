"""Bring the database to this code's revision: one runner at a time, on the direct host, safe to run twice."""

import pathlib
import time

import psycopg
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from cleanly.kernel.pgconn import DatabaseUrl

_log = structlog.get_logger(__name__)
_LOCK = 7_203_316_021_874_551  # any number, as long as it is ours
_LOCK_TRIES = 5
# Held by the role, because a pooler refuses start-up options and leaks SET to the next client.
ROLE_TIMEOUTS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
}


_OLD_SECONDS = 60
# What CREATE INDEX CONCURRENTLY leaves when it fails: it costs every write, and IF NOT EXISTS takes it for good.
_INVALID = """
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname = 'public' ORDER BY 1
"""
# Whoever reads in an old transaction: a dump, a forgotten console. An index that is made concurrently waits for them.
_OLD_READERS = """
    SELECT pid, application_name, extract(epoch FROM now() - xact_start)::int AS seconds FROM pg_stat_activity
    WHERE datname = current_database() AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
        AND xact_start < now() - make_interval(secs => :seconds)
"""


class MigrationBusy(RuntimeError):
    """Another runner has held the lock for too long."""


class MigrationIncomplete(RuntimeError):
    """The revision is reached, but an index of it is not valid: what relies on it would be slow, or not unique."""


def folder() -> pathlib.Path:
    """Where the migrations are: beside the package in a checkout, inside it in a wheel."""
    package = pathlib.Path(__file__).parents[1]
    inside = package / "migrations"
    return inside if inside.exists() else package.parents[1] / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; no ini file."""
    made = Config()
    made.set_main_option("script_location", str(folder()))
    made.set_main_option("version_path_separator", "os")
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """The newest revision that this code knows."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def migrate(url: str, *, wait_seconds: float = 120.0, target: str = "head") -> str:
    """Upgrade to `target` and return the revision reached.

    Raises:
        MigrationBusy: another runner did not finish within `wait_seconds`.
        MigrationIncomplete: an index could not be finished.
        sqlalchemy.exc.DBAPIError: a migration failed; what came before it stays.
    """
    where = DatabaseUrl.parse(url)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(where.conninfo, application_name="cleanly-migrate", connect_timeout=10),
        poolclass=NullPool,
    )
    with engine.connect() as guard:
        guard = guard.execution_options(isolation_level="AUTOCOMMIT")  # noqa: PLW2901 - the same connection, no snapshot held
        _wait_for_lock(guard, wait_seconds)
        try:
            for pid, name, seconds in guard.execute(text(_OLD_READERS), {"seconds": _OLD_SECONDS}):
                _log.warning("an_old_transaction_may_hold_up_the_migration", pid=pid, application=name, seconds=seconds)
            for index in guard.scalars(text(_INVALID)).all():
                _log.warning("dropping_an_index_that_was_never_finished", index=index)
                guard.exec_driver_sql(f"DROP INDEX CONCURRENTLY {index}")  # the server has quoted its name
            with engine.connect() as connection:
                reached = _upgrade(connection, target)
            _set_role_timeouts(guard)
            if left := guard.scalars(text(_INVALID)).all():
                raise MigrationIncomplete(f"not valid: {', '.join(left)}; run `cleanly migrate` again")
        finally:
            guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    engine.dispose()
    return reached


def _wait_for_lock(guard: Connection, wait_seconds: float) -> None:
    # Polled, not awaited in the server: a blocked waiter holds a snapshot, and CREATE INDEX CONCURRENTLY waits for it.
    deadline = time.monotonic() + wait_seconds
    while not guard.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
        if time.monotonic() >= deadline:
            raise MigrationBusy(f"another migration has been running for {wait_seconds:.0f} s")
        time.sleep(0.2)


def _upgrade(connection: Connection, target: str) -> str:
    connection.exec_driver_sql("SET statement_timeout = 0")
    connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 0")
    connection.exec_driver_sql("SET lock_timeout = '3s'")
    connection.commit()
    _remember(connection)
    for attempt in range(1, _LOCK_TRIES + 1):
        try:
            command.upgrade(config(connection), target)
            break
        except OperationalError as error:
            lock_not_free = getattr(error.orig, "sqlstate", None) == "55P03"
            if not lock_not_free or attempt == _LOCK_TRIES:
                raise
            connection.rollback()
            _log.warning("migration_waits_for_a_lock", attempt=attempt)
            time.sleep(attempt)
    connection.commit()
    reached = MigrationContext.configure(connection).get_current_revision() or ""
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS schema_history"
        " (revision text PRIMARY KEY, reached_at timestamptz NOT NULL DEFAULT now())"
    )
    revisions = [script.revision for script in ScriptDirectory.from_config(config()).iterate_revisions(reached, "base")]
    connection.execute(
        text("INSERT INTO schema_history (revision) SELECT unnest(CAST(:all AS text[])) ON CONFLICT DO NOTHING"),
        {"all": revisions},
    )
    comment = text("SELECT format('COMMENT ON TABLE schema_history IS %L', CAST(:reached AS text))")
    connection.exec_driver_sql(str(connection.scalar(comment, {"reached": reached})))
    connection.commit()
    return reached


def _remember(connection: Connection) -> None:
    """A copy of the schema without rows has forgotten its revision; the comment, which is schema, still tells it."""
    if connection.scalar(text("SELECT to_regclass('schema_history')")) is None:
        return
    told = connection.scalar(text("SELECT obj_description('schema_history'::regclass, 'pg_class')"))
    if told and not connection.scalar(text("SELECT EXISTS (SELECT FROM schema_history)")):
        _log.warning("taking_up_a_schema_without_rows", revision=told)
        command.stamp(config(connection), told)
        connection.commit()


def _set_role_timeouts(guard: Connection) -> None:
    role, database = guard.execute(text("SELECT quote_ident(current_user), quote_ident(current_database())")).one()
    for name, value in ROLE_TIMEOUTS.items():
        # Both identifiers were quoted by the server itself; the names and values are constants above.
        guard.exec_driver_sql(f"ALTER ROLE {role} IN DATABASE {database} SET {name} = '{value}'")


def is_reached(revisions: set[str]) -> bool:
    """Whether the schema history holds the revision that this code needs (a newer schema is fine: OPERATIONS.md)."""
    return head() in revisions
