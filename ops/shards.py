"""How every table would lie on a distributed PostgreSQL, by Citus's rules, and what stands in the way of it.

    python -m ops.shards     prints the table of docs/scale.md, for DATABASE_URL

The rules: a unique constraint holds within a shard only, so it must contain the key; a foreign key leads from shard to
shard of the same key value, or to a table that every node has; a key is never null; triggers are not run by default.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

EVERYWHERE, ONE_NODE = "every node", "one node"
# By which column a table's rows would be spread. Those of the same type lie together: a user's with the user's.
_BY = {
    "users": "id",
    **dict.fromkeys(("auth_links", "entitlements", "provider_customers", "refresh_tokens", "subscriptions"), "user_id"),
    **dict.fromkeys(("subscription_changes", "subscription_periods"), "user_id"),
    **dict.fromkeys(("balance_adjustments", "hold_terms", "holds", "payout_accounts", "payout_schedules"), "seller_id"),
    **dict.fromkeys(("disputes", "payments", "payouts", "play_purchases", "refunds", "seller_fees"), "seller_id"),
    **dict.fromkeys(("outbound_attempts", "outbound_deliveries", "outbound_endpoints"), "account_id"),
    **dict.fromkeys(("outbound_messages", "outbound_secrets"), "account_id"),
    **dict.fromkeys(("ledger_accounts", "ledger_balances", "ledger_entries", "ledger_transactions"), "owner_id"),
    "audit_events": "id",
    "idempotency_keys": "owner",
    "inbound_events": "event_id",
    "login_failures": "account",
    "provider_calls": "subject_id",
}
# Small, read by everybody, seldom written: a copy on each node.
_COPIED = frozenset({"plan_groups", "prices", "products"})
# Grow with the number of releases, days, providers, or are the queue: not with users, or not beyond one node.
_LOCAL = frozenset(
    {
        *("alembic_version", "cron_ticks", "daily_reports", "inbound_sweeps", "job_receipts", "payout_stops"),
        *("procrastinate_events", "procrastinate_jobs", "procrastinate_periodic_defers", "procrastinate_workers"),
        *("provider_aliases", "provider_entries", "provider_imports", "provider_standings", "reconciliation_items"),
        *("reconciliation_reports", "sandbox_counters", "sandbox_events", "sandbox_keys", "sandbox_objects"),
        *("sandbox_plans", "schema_history"),
    }
)
_TABLES = """
SELECT c.relname, array(
    SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), array(
    SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attnotnull), array(
    SELECT t.tgname FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal ORDER BY 1)
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY 1
"""
_UNIQUE = """
SELECT i.indrelid::regclass::text, i.indisprimary, array(
    SELECT a.attname FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k (number, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2 DESC, 3
"""
_FOREIGN = """
SELECT f.conrelid::regclass::text, f.confrelid::regclass::text, array(
    SELECT a.attname FROM unnest(f.conkey) WITH ORDINALITY k (number, place)
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number ORDER BY k.place), array(
    SELECT a.attname FROM unnest(f.confkey) WITH ORDINALITY k (number, place)
    JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number ORDER BY k.place)
FROM pg_constraint f WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Lies:
    """A table, where its rows would lie (a column, or one of the two other places), and what is in the way."""

    table: str
    place: str
    in_the_way: tuple[str, ...]

    @property
    def row(self) -> str:
        """A line of the document's table."""
        place = self.place if self.place in {EVERYWHERE, ONE_NODE} else f"`{self.place}`"
        return f"| `{self.table}` | {place} | {'; '.join(self.in_the_way) or 'fits'} |"


def look(connection: psycopg.Connection) -> list[Lies]:
    """Every table of the schema.

    Raises:
        KeyError: a table that nobody has given a place.
    """
    unique = connection.execute(_UNIQUE).fetchall()
    foreign = connection.execute(_FOREIGN).fetchall()
    return [
        Lies(table, _place(table), tuple(_in_the_way(table, columns, nullable, triggers, unique, foreign)))
        for table, columns, nullable, triggers in connection.execute(_TABLES).fetchall()
    ]


def _place(table: str) -> str:
    if table in _COPIED:
        return EVERYWHERE
    return ONE_NODE if table in _LOCAL else _BY[table]


def _in_the_way(  # noqa: PLR0917 - what the catalogue told, in its order
    table: str,
    columns: Sequence[str],
    nullable: Sequence[str],
    triggers: Sequence[str],
    unique: Sequence[Any],
    foreign: Sequence[Any],
) -> list[str]:
    key, found = _place(table), list[str]()
    if key not in {EVERYWHERE, ONE_NODE}:
        if key not in columns:
            found.append(f"no {key}")
        elif key in nullable:
            found.append(f"{key} may be null")
        for of, is_primary, names in unique:
            if of == table and key not in names:
                found.append(f"{'primary key' if is_primary else 'unique'} ({', '.join(names)})")
        found += [f"trigger {name}" for name in triggers]
    for source, target, here, there in foreign:
        if source == table and not _leads(source, target, here, there):
            found.append(f"foreign key ({', '.join(here)}) to {target}")
    return found


def _leads(source: str, target: str, here: Sequence[str], there: Sequence[str]) -> bool:
    """Whether a foreign key may stay: into the same shard, to a table that is everywhere, or within one node."""
    whole = {EVERYWHERE, ONE_NODE}
    mine, theirs = _place(source), _place(target)
    if mine in whole:
        return theirs in whole
    if theirs in whole:
        return theirs == EVERYWHERE
    return (mine, theirs) in zip(here, there, strict=True)


if __name__ == "__main__":
    with psycopg.connect(os.environ["DATABASE_URL"]) as looked_at:
        print("\n".join(lies.row for lies in look(looked_at)))  # noqa: T201
