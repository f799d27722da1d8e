"""Read what a database holds in one snapshot, and whether its books are sound."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from cleanly.entry.backup.manifest import Books, Content

# Start-up options, which the direct host takes: the role's own limits are those of a request.
_PATIENT = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=30s"
_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1
"""
_BOOKS = """
    SELECT name, currency, sum(posted)::bigint, sum(entries)::bigint FROM ledger_totals
    GROUP BY name, currency ORDER BY name, currency
"""


@contextmanager
def snapshot(conninfo: str) -> Generator[psycopg.Connection[Any], None, None]:
    """A connection that sees one moment and can change nothing."""
    with psycopg.connect(
        conninfo, options=_PATIENT, application_name="cleanly-backup", connect_timeout=10
    ) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            yield connection


def read(connection: psycopg.Connection[Any]) -> Content:
    """Count every table and sum the ledger."""
    tables = [str(name) for (name,) in connection.execute(_TABLES)]
    rows: dict[str, int] = {}
    for table in tables:
        counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table)))
        rows[table] = int(counted.fetchall()[0][0])
    revision = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    books = connection.execute(_BOOKS).fetchall()
    return Content(
        revision=str(revision[0][0]) if revision else "",
        rows=rows,
        books=tuple(
            Books(name=name, currency=currency, posted=posted, entries=n) for name, currency, posted, n in books
        ),
    )


def analyse(conninfo: str) -> None:
    """Have the planner's statistics made: a dump brings none, and phones would come back to queries planned blindly."""
    with psycopg.connect(
        conninfo, options=_PATIENT, application_name="cleanly-backup", connect_timeout=10, autocommit=True
    ) as connection:
        connection.execute("ANALYZE")


def unsound(connection: psycopg.Connection[Any]) -> list[str]:
    """What the ledger's own views find: balances that their entries do not explain, faults of the books as a whole."""
    drift = connection.execute("SELECT account_id, shard FROM ledger_drift LIMIT 20").fetchall()
    faults = connection.execute("SELECT fault, subject, found FROM ledger_faults LIMIT 20").fetchall()
    return [f"account {account} shard {shard}: its entries do not explain its balance" for account, shard in drift] + [
        f"{fault}: {subject}, found {found}" for fault, subject, found in faults
    ]
