"""Turn a table into one partitioned by month of its key, an id that sorts by time: no row is copied, nobody waits long.

    python -m ops.partition TABLE KEY 2026-12 [MONTHS] > steps.sql     for DATABASE_URL; docs/scale.md tells the rest

The first month is one that has not begun: everything until then becomes the first partition, as it stands.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg import sql

MONTHS = 6
_COVERED = """
SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.conrelid = %(table)s::regclass AND c.contype IN ('p', 'u', 'x') AND NOT (
    SELECT attnum FROM pg_attribute WHERE attrelid = c.conrelid AND attname = %(key)s) = ANY (c.conkey)
UNION ALL
SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = %(table)s::regclass AND i.indisunique AND NOT EXISTS (
    SELECT FROM pg_constraint WHERE conindid = i.indexrelid) AND NOT (
    SELECT attnum FROM pg_attribute WHERE attrelid = i.indrelid AND attname = %(key)s) = ANY (i.indkey::smallint[])
"""
_POINTING = """
SELECT format('%%s: %%s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE contype = 'f' AND confrelid = %(table)s::regclass
UNION ALL
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %(table)s::regclass
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname, pg_get_constraintdef(c.oid)
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
    AND c.conrelid = i.indrelid
WHERE i.indrelid = %(table)s::regclass ORDER BY c.contype, 1
"""
_TRIGGERS = """
SELECT tgname, pg_get_triggerdef(oid), (tgtype & 1) = 1 FROM pg_trigger
WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal ORDER BY 1
"""
_VIEWS = """
SELECT DISTINCT r.ev_class::regclass::text, pg_get_viewdef(r.ev_class) FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid WHERE d.refobjid = %(table)s::regclass AND d.classid = 'pg_rewrite'::regclass
ORDER BY 1
"""
_GRANTS = """
SELECT a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = %(table)s::regclass AND a.grantee <> c.relowner
"""


class Refused(ValueError):
    """The table can't be partitioned by this key as it is; the text names every constraint in the way."""


@dataclass(frozen=True, slots=True)
class Steps:
    """`before`: each a transaction of its own, while all work goes on. `swap`: one short transaction, with retries."""

    before: tuple[str, ...]
    swap: tuple[str, ...]


def bound(month: datetime) -> str:
    """The least id of a month: a UUIDv7 begins with its milliseconds."""
    text = f"{int(month.timestamp() * 1000):012x}"
    return f"{text[:8]}-{text[8:]}-0000-0000-000000000000"


def obstacles(connection: psycopg.Connection, table: str, key: str) -> list[str]:
    """The constraints that a table partitioned by `key` can't have, and the foreign keys that would have to move."""
    names = {"table": table, "key": key}
    found = [f"unique without {key}: {row[0]}" for row in connection.execute(_COVERED, names)]
    return found + [f"foreign key: {row[0]}" for row in connection.execute(_POINTING, names)]


def steps(connection: psycopg.Connection, table: str, key: str, first: datetime, *, months: int = MONTHS) -> Steps:
    """What to run, read from the table as it is now.

    Raises:
        Refused: a constraint is in the way.
    """
    if in_the_way := obstacles(connection, table, key):
        raise Refused(f"{table} by {key}:\n  " + "\n  ".join(in_the_way))
    old, check = f"{table}_until_{first:%Y_%m}", f"{table}_is_old"
    names, until = {"table": table}, bound(first)
    indexes = connection.execute(_INDEXES, names).fetchall()
    triggers = connection.execute(_TRIGGERS, names).fetchall()
    views = connection.execute(_VIEWS, names).fetchall()
    grants = connection.execute(_GRANTS, names).fetchall()
    return Steps(
        before=(
            # A moment's lock, no look at the rows. From here on a row of the first month is refused: be done by then.
            f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({key} < '{until}') NOT VALID",
            # Reads the whole table beside all work, so that ATTACH need not.
            f"ALTER TABLE {table} VALIDATE CONSTRAINT {check}",
        ),
        swap=(
            "SET LOCAL lock_timeout = '3s'",
            f"ALTER TABLE {table} RENAME TO {old}",
            *(f"ALTER INDEX {name} RENAME TO {name}_old" for name, *_ in indexes),
            f"CREATE TABLE {table} (LIKE {old} INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE ({key})",
            f"ALTER TABLE {table} DROP CONSTRAINT {check}",
            # The old table's own indexes become parts of these: none is built.
            *(
                f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {told}" if constraint else definition
                for _, definition, constraint, told in indexes
            ),
            # Row triggers of the whole are copied to every part; those of statements are not, and stay where they are.
            *(f"DROP TRIGGER {name} ON {old}" for name, _, is_for_rows in triggers if is_for_rows),
            f"ALTER TABLE {table} ATTACH PARTITION {old} FOR VALUES FROM (MINVALUE) TO ('{until}')",
            f"ALTER TABLE {old} DROP CONSTRAINT {check}",
            *(month(table, one) for one in _months(first, months)),
            # Nobody's write fails because nobody made a month: see that it stays empty.
            f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT",
            *(definition for _, definition, _ in triggers),
            *(f"CREATE OR REPLACE VIEW {name} AS {definition}" for name, definition in views),
            *(f"GRANT {right} ON {table} TO {whom}" for right, whom in grants),
        ),
    )


def month(table: str, first: datetime) -> str:
    """The partition of one month; make it well before, while the rest is empty."""
    start, end = bound(first), bound(_after(first))
    return f"CREATE TABLE {table}_{first:%Y_%m} PARTITION OF {table} FOR VALUES FROM ('{start}') TO ('{end}')"


def apply(connection: psycopg.Connection, found: Steps) -> None:
    """Run them; `connection` is in autocommit."""
    for statement in found.before:
        connection.execute(statement.encode())
    with connection.transaction():
        for statement in found.swap:
            connection.execute(statement.encode())


def _after(first: datetime) -> datetime:
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def _months(first: datetime, count: int) -> Iterable[datetime]:
    for _ in range(count):
        yield first
        first = _after(first)


def _main(table: str, key: str, first: str, months: str = str(MONTHS)) -> None:
    begins = datetime.strptime(first, "%Y-%m").replace(tzinfo=UTC)
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        name = sql.Identifier(table).as_string(connection)
        found = steps(connection, name.strip('"'), key, begins, months=int(months))
    sys.stdout.write(";\n".join((*found.before, "BEGIN", *found.swap, "COMMIT")) + ";\n")


if __name__ == "__main__":
    try:
        _main(*sys.argv[1:])
    except Refused as error:
        sys.exit(str(error))
