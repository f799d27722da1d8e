"""What a sale leaves in the database: rows and bytes by table, of a database that phones have bought in.

python -m bench.growing     after `make load`; DATABASE_URL, or the embedded database of `make run`
"""

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from cleanly.entry import dev, settings

_TUPLE_HEADER = 28  # a line pointer and a header: storage page layout, PostgreSQL's manual
_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1"
)


@dataclass(frozen=True)
class Grown:
    """`row_bytes`: the heap's; `index_bytes`: of all its indexes, per row."""

    table: str
    rows: int
    row_bytes: float
    index_bytes: float


def look(connection: psycopg.Connection) -> Iterable[Grown]:
    """Every table that has rows."""
    for (name,) in connection.execute(_TABLES).fetchall():
        found = connection.execute(
            sql.SQL("SELECT count(*), avg(pg_column_size(t)), pg_indexes_size({}) FROM {} t").format(
                sql.Literal(name), sql.Identifier(name)
            )
        ).fetchone()
        if found and found[0]:
            rows, size, indexes = int(found[0]), float(found[1]), float(found[2])
            # A row as a value carries the header of one, which pg_column_size counts.
            yield Grown(name, rows, size + _TUPLE_HEADER - 24, indexes / rows)


def main() -> None:
    """Print what grows with sales, per captured payment."""
    found = settings.load()
    with dev.database(found) as (url, _, _), psycopg.connect(url) as connection:
        paid = connection.execute("SELECT count(*) FROM payments WHERE state = 'captured'").fetchone()
        payments = int(paid[0]) if paid else 0
        if not payments:
            raise SystemExit("nobody has bought anything there")
        print(f"{payments:,} captured payments\n")
        print("| table | rows a payment | bytes a row | its indexes | bytes a payment |")
        print("|---|---|---|---|---|")
        total = 0.0
        for one in look(connection):
            share = one.rows / payments
            if share >= 0.5 and not one.table.startswith(("sandbox_", "procrastinate_")):
                total += share * (one.row_bytes + one.index_bytes)
                print(
                    f"| `{one.table}` | {share:.1f} | {one.row_bytes:.0f} | {one.index_bytes:.0f}"
                    f" | {share * (one.row_bytes + one.index_bytes):,.0f} |"
                )
        print(f"\n{total:,.0f} bytes a payment")


if __name__ == "__main__":
    main()
