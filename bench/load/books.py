"""What the service's own database says of a run: keys with two payments or two charges, and the ledger's proofs.

    python -m bench.load.books RUN     prints JSON; nothing where this machine has not the service's database

A process of its own, with nothing patched by gevent.
"""

import contextlib
import json
import pathlib
import sys
from collections.abc import Generator

import psycopg

from cleanly.entry import dev, settings

_PAYMENTS = "SELECT count(*) FROM payments WHERE metadata->>'load' LIKE %s"
_TWICE = """
SELECT count(*) FROM (
    SELECT 1 FROM payments LEFT JOIN sandbox_objects o ON o.our_id = payments.id AND o.kind = 'payment'
    WHERE metadata->>'load' LIKE %s GROUP BY metadata->>'load' HAVING count(*) > 1
) found"""


def look(url: str, run: str) -> dict[str, int] | None:
    """The counts; None when the run's payments are not in there: it is another service's database."""
    with psycopg.connect(url) as connection:
        payments = _count(connection, _PAYMENTS, f"{run}-%")
        if not payments:
            return None
        return {
            "payments": payments,
            "keys_twice": _count(connection, _TWICE, f"{run}-%"),
            "drift": _count(connection, "SELECT count(*) FROM ledger_drift"),
            "faults": _count(connection, "SELECT count(*) FROM ledger_faults"),
        }


def _count(connection: psycopg.Connection, statement: str, *values: str) -> int:
    row = connection.execute(statement.encode(), values).fetchone()
    return int(row[0]) if row else 0


@contextlib.contextmanager
def _database() -> Generator[str | None, None, None]:
    """DATABASE_URL, or the embedded server of `make run` where that runs; none is started for this."""
    found = settings.load()
    is_embedded = (pathlib.Path(found.cleanly_data_dir) / "postgres" / "postmaster.pid").exists()
    if found.database_url is None and not is_embedded:
        yield None
        return
    with dev.database(found) as (url, _, _):
        yield url


if __name__ == "__main__":
    with _database() as where:
        counted = look(where, sys.argv[1]) if where else None
    if counted:
        print(json.dumps(counted))
