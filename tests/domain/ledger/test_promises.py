"""What no writer can get around, whoever it is and whatever it says: the database's own promises."""

import contextlib
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from cleanly.domain.ledger.chart import BANK, FEES
from cleanly.kernel.ids import new_id
from tests.domain.ledger.books import Books
from tests.domain.ledger.test_schema import migration

WRITES = (
    "INSERT INTO ledger_accounts (name, kind, currency) VALUES ('made_up', 'asset', 'EUR')",
    "UPDATE ledger_accounts SET shards = shards + 1",
    "DELETE FROM ledger_accounts",
    "TRUNCATE ledger_accounts CASCADE",
    "INSERT INTO ledger_balances (account_id, shard) SELECT min(id), 40 FROM ledger_accounts",
    "UPDATE ledger_balances SET posted = posted + 100, version = version + 1",
    "DELETE FROM ledger_balances",
    "TRUNCATE ledger_balances",
    """INSERT INTO ledger_transactions (id, reference, kind, currency)
    VALUES (gen_random_uuid(), 'made:up', 'made.up', 'EUR')""",
    'UPDATE ledger_transactions SET meta = \'{"note": "innocent"}\'',
    "DELETE FROM ledger_transactions",
    "TRUNCATE ledger_transactions CASCADE",
    """INSERT INTO ledger_entries (transaction_id, account_id, amount)
    SELECT transaction_id, account_id + 1000, 5 FROM ledger_entries""",
    "UPDATE ledger_entries SET amount = amount * 2",
    "DELETE FROM ledger_entries",
    "TRUNCATE ledger_entries",
)


@dataclass
class Direct:
    """Somebody with a connection, a grudge and the owner's rights."""

    connection: psycopg.Connection
    available: int
    bank: int
    posted: UUID

    def refused(self, statement: str, *values: object) -> tuple[str | None, str | None]:
        """The state and constraint of the refusal; fails if there is none."""
        with pytest.raises(psycopg.Error) as caught, self.connection.transaction():
            self.connection.execute(statement, values)  # type: ignore[call-overload]
        return caught.value.sqlstate, caught.value.diag.constraint_name

    def begun(self, currency: str = "EUR") -> str:
        """SQL that makes an open transaction `t` and then goes on."""
        return (
            "WITH t AS (INSERT INTO ledger_transactions (id, reference, kind, currency)"
            f" VALUES (gen_random_uuid(), gen_random_uuid()::text, 'made.up', '{currency}') RETURNING id)"
            " INSERT INTO ledger_entries (transaction_id, account_id, amount)"
            " SELECT t.id, v.account, v.amount FROM t, (VALUES {}) AS v (account, amount)"
        )


@pytest.fixture
async def direct(books: Books, database_url: str) -> AsyncGenerator[Direct, None]:
    account = await books.available(1000)
    (bank,) = await books.platform(BANK)
    made = await books.post((account, 100), (bank, -100))
    connection = psycopg.connect(database_url, autocommit=True)
    yield Direct(connection, account, bank, made.transaction_id)
    connection.close()


# Two of the updates are the owner's to make: it is by them that the functions write.
OF_FUNCTIONS = (WRITES[1], WRITES[5])


@pytest.mark.parametrize(
    "statement",
    [write for write in WRITES if write.startswith(("UPDATE", "DELETE", "TRUNCATE")) and write not in OF_FUNCTIONS],
)
def test_nothing_posted_changes_or_disappears(direct: Direct, statement: str):
    before = everything(direct.connection)
    assert direct.refused(statement)[0] == "55000"
    assert everything(direct.connection) == before


def everything(connection: psycopg.Connection) -> list[list[tuple]]:
    tables = ("ledger_accounts", "ledger_balances", "ledger_transactions", "ledger_entries")
    return [sorted(connection.execute(f"SELECT t::text FROM {table} t").fetchall()) for table in tables]


@pytest.mark.parametrize(
    "change",
    [
        "ledger_accounts SET owner_id = gen_random_uuid() WHERE owner_id IS NULL",
        "ledger_accounts SET owner_id = NULL WHERE owner_id IS NOT NULL",
        "ledger_accounts SET name = 'renamed'",
        "ledger_accounts SET currency = 'USD'",
        "ledger_accounts SET kind = 'equity'",
        "ledger_accounts SET min_balance = NULL WHERE min_balance IS NOT NULL",
        "ledger_accounts SET min_balance = -5 WHERE min_balance IS NULL",
        "ledger_accounts SET shards = shards - 1 WHERE shards > 1",
        "ledger_accounts SET created_at = now() - interval '1 day'",
        "ledger_balances SET posted = posted + 1",
        "ledger_balances SET version = version - 1, posted = posted + 1",
        "ledger_balances SET min_balance = NULL WHERE min_balance IS NOT NULL",
        "ledger_balances SET min_balance = -100 WHERE min_balance IS NOT NULL",
        "ledger_balances SET shard = 9",
        "ledger_transactions SET source_id = gen_random_uuid()",
        "ledger_transactions SET reverses_id = id",
        "ledger_entries SET balance_after = NULL",
    ],
)
async def test_rows_are_frozen_null_or_not(direct: Direct, books: Books, change: str):
    await books.platform(FEES)
    assert direct.refused(f"UPDATE {change}")[0] == "55000"


def test_entries_that_do_not_sum_to_zero_are_refused(direct: Direct):
    begun = direct.begun()
    assert direct.refused(begun.format(f"({direct.available}, 5), ({direct.bank}, -4)")) == (
        "23514",
        "ledger_entries_balanced",
    )
    assert direct.refused(begun.format(f"({direct.bank}, 5)")) == ("23514", "ledger_entries_balanced")
    assert direct.refused(begun.format(f"({direct.bank}, 0)"))[1] == "ledger_entries_amount_check"


def test_an_account_that_is_unknown_or_of_another_currency_is_refused(direct: Direct):
    unknown = direct.begun().format(f"({direct.bank}, 5), (987654, -5)")
    assert direct.refused(unknown) == ("23503", "ledger_entries_known")
    dollars = direct.begun("USD").format(f"({direct.available}, 5), ({direct.bank}, -5)")
    assert direct.refused(dollars) == ("23503", "ledger_entries_known")


def test_a_committed_transaction_gets_no_more_entries(direct: Direct, books: Books):
    (other,) = direct.connection.execute(
        "SELECT ledger_open(NULL, 'fees', 'income', 'EUR', NULL, 16), ledger_open(NULL, 'fx', 'equity', 'EUR', NULL)"
    ).fetchall()
    addition = "INSERT INTO ledger_entries (transaction_id, account_id, amount) VALUES (%s, %s, 5), (%s, %s, -5)"
    refused = direct.refused(addition, direct.posted, other[0], direct.posted, other[1])
    assert refused == ("23514", "ledger_entries_open")
    nowhere = new_id()
    refused = direct.refused(addition, nowhere, other[0], nowhere, other[1])
    assert refused == ("23514", "ledger_entries_open")


def test_a_balance_never_falls_below_its_floor_even_by_hand(direct: Direct):
    by_hand = "UPDATE ledger_balances SET posted = posted - 901, version = version + 1 WHERE account_id = %s"
    assert direct.refused(by_hand, direct.available) == ("23514", "ledger_balances_floor")


def test_an_account_closes_only_when_it_is_empty_and_bounded_and_stays_closed(direct: Direct):
    assert direct.refused("SELECT ledger_close(%s)", direct.available)[1] == "ledger_balances_closed"
    assert direct.refused("SELECT ledger_close(%s)", direct.bank)[1] == "ledger_balances_closed"
    (empty,) = direct.connection.execute(
        "SELECT ledger_open(gen_random_uuid(), 'available', 'liability', 'EUR', 0)"
    ).fetchone() or (0,)
    direct.connection.execute("SELECT ledger_close(%s)", (empty,))
    direct.connection.execute("SELECT ledger_close(%s)", (empty,))
    assert direct.refused("UPDATE ledger_balances SET closed = false WHERE account_id = %s", empty)[0] == "55000"


def test_an_account_is_one_per_owner_name_and_currency_the_platforms_too(direct: Direct):
    add = "INSERT INTO ledger_accounts (owner_id, name, kind, currency) VALUES (NULL, 'bank', 'asset', 'EUR')"
    assert direct.refused(add) == ("23505", "ledger_accounts_identity")
    sharded_floor = (
        "INSERT INTO ledger_accounts (name, kind, currency, min_balance, shards) VALUES ('x_y', 'asset', 'EUR', 0, 2)"
    )
    assert direct.refused(sharded_floor)[1] == "ledger_accounts_bounded_is_single"
    for name, kind, currency in (("Bank", "asset", "EUR"), ("bank", "debt", "EUR"), ("bank", "asset", "euro")):
        state, _ = direct.refused(
            "INSERT INTO ledger_accounts (name, kind, currency) VALUES (%s, %s, %s)", name, kind, currency
        )
        assert state == "23514"


async def test_an_account_widens_and_never_narrows(direct: Direct, books: Books):
    (fees,) = await books.platform(FEES)
    direct.connection.execute("SELECT ledger_widen(%s, 20)", (fees,))
    direct.connection.execute("SELECT ledger_widen(%s, 18)", (fees,))
    shards = direct.connection.execute("SELECT count(*) FROM ledger_balances WHERE account_id = %s", (fees,)).fetchone()
    assert shards == (20,)
    assert direct.refused("SELECT ledger_widen(%s, 2)", direct.available)[1] == "ledger_accounts_bounded_is_single"
    await books.post((fees, -5), (direct.bank, 5))


@pytest.fixture
def as_the_service(direct: Direct) -> Generator[Direct, None, None]:
    """The same connection with no more rights than the service's own role has."""
    # Roles belong to the server, and another test process may have been first.
    with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        direct.connection.execute("CREATE ROLE cleanly_app NOLOGIN")
    direct.connection.execute(migration().STATEMENTS[-1])
    direct.connection.execute("SET ROLE cleanly_app")
    yield direct
    direct.connection.execute("RESET ROLE")


@pytest.mark.parametrize("statement", WRITES)
def test_the_services_role_writes_nothing_directly(as_the_service: Direct, statement: str):
    assert as_the_service.refused(statement)[0] == "42501"


def test_the_services_role_reads_and_posts_by_the_functions(as_the_service: Direct):
    run = as_the_service.connection.execute
    for table in ("accounts", "balances", "transactions", "entries", "totals", "drift", "faults"):
        run(f"SELECT count(*) FROM ledger_{table}")
    (account,) = run("SELECT ledger_open(gen_random_uuid(), 'available', 'liability', 'EUR', 0)").fetchone() or (0,)
    rows = run(
        "SELECT replayed FROM ledger_post(ARRAY[%s::uuid], '{by:role}', '{test.moved}', '{EUR}', '{null}', '{null}',"
        " ARRAY['{}'::jsonb], '{1,1}', %s, '{-7,7}')",
        (new_id(), [account, as_the_service.bank]),
    ).fetchall()
    assert rows == [(False,)]
    assert run("SELECT * FROM ledger_lock(%s)", ([account],)).fetchall() == [(account, 7)]
    assert as_the_service.refused("SELECT ledger_widen(%s, 4)", as_the_service.bank)[0] == "42501"
