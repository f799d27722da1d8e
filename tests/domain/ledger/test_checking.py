"""The proof of the books: silent when they are sound, and loud at each way in which they can be broken."""

from dataclasses import dataclass

import psycopg
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from cleanly.domain.ledger import jobs, metrics, queries
from cleanly.domain.ledger.chart import BANK, FEES
from cleanly.domain.ledger.module import module
from cleanly.entry.cli.ledger import app
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from tests.domain.ledger.books import Books
from tests.moved_clock import MovedClock

TICK = Tick(due_at="2026-11-22T12:00:00.000Z")
HARM = {
    "a balance changed by hand": (
        "UPDATE ledger_balances SET posted = posted + 7 WHERE account_id = %(available)s",
        {"drift", "currency_not_zero"},
        {"drift"},
    ),
    "a version changed by hand": (
        "UPDATE ledger_balances SET version = version + 1 WHERE account_id = %(available)s",
        {"drift"},
        {"drift"},
    ),
    "an entry is lost": (
        "DELETE FROM ledger_entries WHERE account_id = %(available)s",
        {"drift", "transaction_not_balanced"},
        {"transaction_not_balanced"},
    ),
    "an amount changed by hand": (
        "UPDATE ledger_entries SET amount = amount - 1 WHERE account_id = %(available)s",
        {"drift", "transaction_not_balanced"},
        {"drift", "transaction_not_balanced"},
    ),
    "both sides changed by hand": (
        "UPDATE ledger_entries SET amount = amount * 2",
        {"drift"},
        {"drift"},
    ),
    "a transaction without entries": (
        """INSERT INTO ledger_transactions (id, reference, kind, currency)
        VALUES (gen_random_uuid(), 'made:up', 'made.up', 'EUR')""",
        {"transaction_without_entries"},
        {"transaction_without_entries"},
    ),
    "a floor broken on the way": (
        "UPDATE ledger_entries SET balance_after = -1 WHERE account_id = %(available)s",
        {"below_floor"},
        {"below_floor"},
    ),
    "an entry in no balance": (
        "UPDATE ledger_entries SET shard = 9 WHERE account_id = %(available)s",
        {"drift", "entry_without_balance"},
        {"drift"},
    ),
}


@pytest.fixture
async def harmed(broken: tuple[Books, psycopg.Connection]):
    """Sound books, and a way to break them."""
    books, connection = broken
    available = await books.available(1000)
    (bank,) = await books.platform(BANK)

    def harm(statement: str) -> None:
        connection.execute(statement, {"available": available, "bank": bank})  # type: ignore[call-overload]

    return books, harm


def names(report: queries.Report) -> set[str]:
    return ({"drift"} if report.drift else set()) | {fault.fault for fault in report.faults}


@pytest.mark.parametrize("what", HARM)
async def test_the_full_check_finds(harmed, what: str):
    books, harm = harmed
    assert names(await books.report()) == set()
    statement, expected, _ = HARM[what]
    harm(statement)
    assert names(await books.report()) == expected


@pytest.mark.parametrize("what", HARM)
async def test_the_quick_check_finds_in_the_last_hour(harmed, what: str):
    books, harm = harmed
    statement, _, expected = HARM[what]
    harm(statement)
    async with books.db.begin() as session:
        assert names(await queries.check_recent(session)) == expected
    harm("UPDATE ledger_transactions SET created_at = now() - interval '61 minutes'")
    async with books.db.begin() as session:
        assert names(await queries.check_recent(session)) == set(), "what is older is the nightly check's"


async def test_a_balance_below_its_floor_is_found_where_the_check_was_dropped(harmed, database_url: str):
    books, harm = harmed
    harm("ALTER TABLE ledger_balances DROP CONSTRAINT ledger_balances_floor")
    try:
        harm("UPDATE ledger_balances SET posted = -5 WHERE account_id = %(available)s")
        assert names(await books.report()) == {"drift", "currency_not_zero", "balance_below_floor"}
    finally:
        harm("UPDATE ledger_balances SET posted = 1000 WHERE account_id = %(available)s")
        harm(
            "ALTER TABLE ledger_balances ADD CONSTRAINT ledger_balances_floor"
            " CHECK (min_balance IS NULL OR posted >= min_balance)"
        )


async def test_a_check_says_how_much_it_looked_at(books: Books):
    await books.available(1000)
    await books.platform(FEES)
    report = await books.report()
    assert report.extent == queries.Extent(accounts=8, balances=7 + 16, transactions=1, entries=2, currencies=1)


@dataclass
class Gauge:
    """Stands where a gauge stood, and tells what it was set to."""

    name: str
    seen: list[tuple[str, int, dict[str, str]]]

    def set(self, value: int, labels: dict[str, str]) -> None:
        self.seen.append((self.name, value, labels))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, dict[str, str]]]:
    """What the gauges were set to."""
    seen: list[tuple[str, int, dict[str, str]]] = []
    for name in ("_drift", "_faults", "_checked"):
        monkeypatch.setattr(metrics, name, Gauge(name, seen))
    return seen


@pytest.mark.parametrize(("run", "look"), [(jobs.check, "full"), (jobs.check_recent, "recent")])
async def test_a_scheduled_check_sets_the_gauges_and_logs_each_fault(harmed, clock: MovedClock, told, run, look):
    books, harm = harmed
    context = Context(books.db, clock)
    at = int(clock.now().timestamp())
    with capture_logs() as logs:
        await run(context, TICK)
    assert logs == []
    assert told == [("_drift", 0, {"check": look}), ("_faults", 0, {"check": look}), ("_checked", at, {"check": look})]
    told.clear()
    harm("UPDATE ledger_entries SET amount = amount - 1 WHERE account_id = %(available)s")
    with capture_logs() as logs:
        await run(context, TICK)
    assert [(log["event"], log["log_level"], log["check"]) for log in logs] == [
        ("ledger_drift", "error", look),
        ("ledger_fault", "error", look),
    ]
    assert (logs[0]["posted"], logs[0]["entries_posted"]) == (1000, 1001)
    assert (logs[1]["fault"], logs[1]["found"]) == ("transaction_not_balanced", "-1")
    assert told[:2] == [("_drift", 1, {"check": look}), ("_faults", 1, {"check": look})]


def test_both_checks_are_scheduled():
    assert {cron.task.name: cron.schedule for cron in module.crons} == {
        "ledger.check": "40 3 * * *",
        "ledger.check_recent": "*/5 * * * *",
        "ledger.reconcile": "17 * * * *",
        "ledger.age": "50 3 * * *",
    }
    assert {job.task.name for job in module.jobs} == {cron.task.name for cron in module.crons} | {
        "ledger.reconcile_one"
    }


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, database_url: str):
    """`cleanly ledger ...` on this test's database."""
    # The logs would go to the output that the runner takes back at the end, and stay there for every later test.
    monkeypatch.setattr("cleanly.entry.cli.running.set_up_logging", lambda **_: None)
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("DATABASE_URL", database_url)
    return lambda *words: CliRunner().invoke(app, list(words))


def test_the_command_proves_sound_books(command, books: Books):
    done = command("check")
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert [line[-1] for line in lines[1:5]] == ["0"] * 4
    assert lines[1][-3:] == ["0", "transactions", "0"]
    assert "the books are sound" in done.output


@pytest.mark.parametrize("what", HARM)
def test_the_command_fails_on_broken_books(command, harmed, what: str):
    _, harm = harmed
    harm(HARM[what][0])
    done = command("check")
    assert done.exit_code == 1
    assert "the books are sound" not in done.output
    assert "the books are not sound" in done.output
    for name in HARM[what][1] - {"drift"}:
        assert name in done.output
