"""The migration makes what the design's `ledger.sql` makes, triggers, functions, views and CHECKs included."""

import importlib.util
import os
from collections.abc import Generator
from types import ModuleType

import psycopg
import pytest
from psycopg import sql

from cleanly.entry import embedded
from tests.conftest import ROOT

DESIGN = ROOT.parent / "shared" / "design" / "ledger.sql"
# What autogenerate does not see, and what it does; each as the server itself writes it.
DEFINITIONS = {
    "functions": """
        SELECT proname, pg_get_functiondef(oid), prosecdef::text, array_to_string(proconfig, ';') FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'ledger%'""",
    "triggers": """
        SELECT tgname, pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'ledger%'""",
    "views": """
        SELECT relname, pg_get_viewdef(oid) FROM pg_class
        WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace AND relname LIKE 'ledger%'""",
    "constraints": """
        SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype <> 'n' AND conrelid::regclass::text LIKE 'ledger%'""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'ledger%'",
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, a.attidentity::text,
            a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND c.relname LIKE 'ledger%' AND a.attnum > 0""",
    "storage": """
        SELECT relname, array_to_string(reloptions, ';') FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'ledger%'""",
    "rights": """
        SELECT relname, NOT has_table_privilege('pg_monitor', oid, 'SELECT')
            AND NOT has_table_privilege('pg_monitor', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ledger%'""",
    "callers": """
        SELECT proname, has_function_privilege('pg_monitor', oid, 'EXECUTE') FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'ledger%'""",
}


def migration() -> ModuleType:
    """The migration as Python sees it: its frozen statements."""
    (path,) = (ROOT / "migrations" / "versions").glob("*_ledger_tables.py")
    spec = importlib.util.spec_from_file_location("ledger_tables", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def designed(server: embedded.EmbeddedServer) -> Generator[str, None, None]:
    """A database with nothing but the design's ledger in it."""
    if not DESIGN.exists():
        pytest.skip("the design's ledger.sql is not beside this checkout")
    name = f"designed_{os.getpid()}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(drop)
        server.create(name)
        with psycopg.connect(server.url(name), autocommit=True) as inside:
            inside.execute(DESIGN.read_text())  # type: ignore[call-overload]
        yield server.url(name)
        connection.execute(drop)


def _read(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return sorted(connection.execute(query).fetchall(), key=repr)  # type: ignore[call-overload]


@pytest.mark.parametrize("what", DEFINITIONS)
def test_the_migrated_ledger_is_the_designed_one(database_url: str, designed: str, what: str):
    here, there = _read(database_url, DEFINITIONS[what]), _read(designed, DEFINITIONS[what])
    assert len(there) >= 3
    assert here == there


def test_a_dropped_trigger_would_be_noticed(designed: str, database_url: str):
    """The comparison above could be blind: here it must see."""
    with psycopg.connect(designed, autocommit=True) as connection:
        connection.execute("DROP TRIGGER ledger_entries_check ON ledger_entries")
    assert _read(database_url, DEFINITIONS["triggers"]) != _read(designed, DEFINITIONS["triggers"])


def test_the_grants_do_nothing_where_the_services_role_is_absent(database_url: str):
    statements = migration().STATEMENTS
    assert len(statements) == 33
    grants = statements[-1]
    assert "cleanly_app" in grants
    before = _read(database_url, "SELECT relname, relacl::text FROM pg_class WHERE relname LIKE 'ledger%'")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(grants.replace("cleanly_app", "nobody_of_this_name"))
    assert _read(database_url, "SELECT relname, relacl::text FROM pg_class WHERE relname LIKE 'ledger%'") == before
