"""A table becomes one partitioned by month, on a real database, with its rows and guards, while others write."""

import threading
import uuid
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from cleanly.entry.embedded import EmbeddedServer
from cleanly.kernel.db import Database
from ops import partition
from tests.domain.ledger.books import Books

NOW = datetime.now(UTC)
NEXT = (NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
INSERT = "INSERT INTO audit_events (id, at, action) VALUES (%s, %s, 'x')"


@pytest.fixture
def url(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    """A database of its own: what is done to it is not undone."""
    name = f"parts_{uuid.uuid4().hex[:12]}"
    server.create(name, template=template)
    yield server.url(name)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def connection(url: str) -> Generator["psycopg.Connection", None, None]:
    with psycopg.connect(url, autocommit=True) as made:
        yield made


@pytest.fixture
async def books(url: str) -> AsyncGenerator[Books, None]:
    database = Database(url, name="parts")
    yield Books(database)
    await database.close()


def id_at(at: datetime) -> uuid.UUID:
    """As the service makes them: UUID version 7."""
    return uuid.UUID(partition.bound(at)[:14] + "7" + str(uuid.uuid4())[15:])


def count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def files(connection: psycopg.Connection, *names: str) -> list[object]:
    """Where the bytes lie: a rewritten or rebuilt relation lies elsewhere."""
    return [connection.execute("SELECT pg_relation_filenode(%s)", (name,)).fetchone() for name in names]


def test_the_audit_record_is_partitioned_while_it_is_written_to_and_no_row_is_copied(connection, url):
    for days in range(400):
        connection.execute(INSERT, (id_at(NOW - timedelta(days=days)), NOW))
    stop, written, failed = threading.Event(), [0], []

    def write() -> None:
        with psycopg.connect(url, autocommit=True) as other:
            while not stop.is_set():
                try:
                    other.execute(INSERT, (id_at(NOW), NOW))
                    written[0] += 1
                except psycopg.Error as error:
                    failed.append(error)

    before = files(connection, "audit_events", "audit_events_pkey", "audit_events_actor_id_id_idx")
    writer = threading.Thread(target=write)
    writer.start()
    partition.apply(connection, partition.steps(connection, "audit_events", "id", NEXT))
    stop.set()
    writer.join()
    old = f"audit_events_until_{NEXT:%Y_%m}"
    assert failed == []
    assert written[0] > 0
    assert count(connection, "audit_events") == count(connection, old) == 400 + written[0]
    assert files(connection, old, "audit_events_pkey_old", "audit_events_actor_id_id_idx_old") == before


def test_new_rows_go_to_their_month_guarded_as_before_and_a_lost_one_to_the_rest(connection):
    partition.apply(connection, partition.steps(connection, "audit_events", "id", NEXT, months=2))
    ids = {
        f"audit_events_until_{NEXT:%Y_%m}": id_at(NOW),
        f"audit_events_{NEXT:%Y_%m}": id_at(NEXT + timedelta(days=3)),
        "audit_events_rest": id_at(NEXT + timedelta(days=100)),
    }
    for table, one in ids.items():
        connection.execute(INSERT, (one, NOW))
        assert count(connection, table) == 1
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(INSERT, (one, NOW))
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("DELETE FROM audit_events WHERE id = %s", (one,))
        with pytest.raises(psycopg.errors.RestrictViolation):  # not by the back door either
            connection.execute(f"DELETE FROM {table}".encode())
    plan = connection.execute("EXPLAIN SELECT FROM audit_events WHERE id >= %s", (partition.bound(NEXT),)).fetchall()
    assert "until" not in str(plan), "a look at new rows does not open the old ones"


def test_an_old_month_is_dropped_without_a_delete(connection):
    partition.apply(connection, partition.steps(connection, "audit_events", "id", NEXT, months=2))
    for days in (3, 40):
        connection.execute(INSERT, (id_at(NEXT + timedelta(days=days)), NOW))
    # A whole with a DEFAULT part can't be taken apart concurrently (PostgreSQL): the rest goes first, and comes back.
    connection.execute("ALTER TABLE audit_events DETACH PARTITION audit_events_rest")
    gone = f"audit_events_{NEXT:%Y_%m}"
    connection.execute(f"ALTER TABLE audit_events DETACH PARTITION {gone} CONCURRENTLY".encode())
    connection.execute("ALTER TABLE audit_events ATTACH PARTITION audit_events_rest DEFAULT")
    assert (count(connection, "audit_events"), count(connection, gone)) == (1, 1)


async def test_the_ledger_is_posted_to_and_proved_across_its_partitions(connection, books):
    seller = await books.seller(available=1_000)
    rows = count(connection, "ledger_entries")
    partition.apply(connection, partition.steps(connection, "ledger_entries", "transaction_id", NEXT))
    seller_2 = await books.seller(available=500)
    await books.post(
        (books.ids[seller, "available"], 300), (books.ids[seller_2, "available"], -300), named="after the swap"
    )
    again = await books.post(
        (books.ids[seller, "available"], 300), (books.ids[seller_2, "available"], -300), named="after the swap"
    )
    assert again.is_replay
    assert count(connection, "ledger_entries") == rows + 2 + 2
    await books.assert_sound()
    for attack in (
        "DELETE FROM ledger_entries",
        "UPDATE ledger_entries SET amount = 0",
        "TRUNCATE ledger_entries",
        "INSERT INTO ledger_entries SELECT * FROM ledger_entries LIMIT 1",
    ):
        with pytest.raises(psycopg.Error):
            connection.execute(attack.encode())
    connection.execute("SET session_replication_role = replica")  # an operator's slip, past the triggers
    connection.execute("UPDATE ledger_entries SET amount = amount + 1")
    assert count(connection, "ledger_drift") > 0, "the proofs look at the parts"


@pytest.mark.parametrize(
    ("table", "key", "said"),
    [
        ("outbound_deliveries", "id", "unique without id: UNIQUE (message_id, endpoint_id)"),
        ("outbound_deliveries", "message_id", "unique without message_id: PRIMARY KEY (id)"),
        ("outbound_deliveries", "message_id", "foreign key: outbound_attempts: FOREIGN KEY (delivery_id)"),
        ("ledger_transactions", "id", "unique without id: UNIQUE (reference)"),
        ("payments", "id", "unique without id: CREATE UNIQUE INDEX payments_provider_payment_key"),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_is_changed(database_url, table, key, said):
    with psycopg.connect(database_url) as connection, pytest.raises(partition.Refused) as refused:
        partition.steps(connection, table, key, NEXT)
    assert said in str(refused.value)


def test_a_months_bounds_are_those_of_the_ids_made_in_it():
    first = datetime(2026, 12, 1, tzinfo=UTC)
    assert partition.bound(first) == "01a22ee6-b000-0000-0000-000000000000"
    made = id_at(first)
    assert uuid.UUID(partition.bound(first)) <= made < uuid.UUID(partition.bound(first + timedelta(milliseconds=1)))
    assert partition.month("t", first).endswith(f"TO ('{partition.bound(datetime(2027, 1, 1, tzinfo=UTC))}')")
