"""How long each step of partitioning takes, and whom it keeps waiting: the audit record with a million rows.

python -m bench.parting [ROWS]
"""

import shutil
import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg

from bench.stage import ROOT
from cleanly.entry import embedded, migrate
from ops import partition

ROWS = 1_000_000
# Ids of the last 300 days, as the service makes them: 48 bits of milliseconds, then version 7 and chance.
_FILL = """
INSERT INTO audit_events (id, at, actor_id, action, target_id, address, request_id)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
    || '8' || substr(md5(n::text), 4, 15))::uuid, at, gen_random_uuid(), 'session.opened', gen_random_uuid(),
    '192.0.2.1', md5(n::text)
FROM generate_series(1, %(rows)s) n, LATERAL (SELECT now() - n * interval '300 days' / %(rows)s AS at) times
"""


def main(rows: int) -> None:
    """Fill, partition, tell."""
    folder = ROOT / ".data" / "parting"
    shutil.rmtree(folder, ignore_errors=True)
    with embedded.start(folder) as server:
        server.create("parting")
        migrate.migrate(server.url("parting"))
        with psycopg.connect(server.url("parting"), autocommit=True) as connection:
            connection.execute("SET statement_timeout = 0")
            connection.execute(_FILL, {"rows": rows})
            connection.execute("VACUUM ANALYZE audit_events")
            first = (
                datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)
            ).replace(day=1)
            found = partition.steps(connection, "audit_events", "id", first)
            for statement in found.before:
                began = time.perf_counter()
                connection.execute(statement.encode())
                print(f"{(time.perf_counter() - began) * 1000:8.1f} ms  {statement.split(' CHECK')[0]}")
            began = time.perf_counter()
            with connection.transaction():
                for statement in found.swap:
                    connection.execute(statement.encode())
            print(
                f"{(time.perf_counter() - began) * 1000:8.1f} ms  the swap, {len(found.swap)} statements: others wait"
            )
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
