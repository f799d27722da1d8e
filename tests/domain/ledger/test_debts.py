"""Sellers' debts are counted, and one that owes beside having something is an alarm, in both checks."""

from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from cleanly.domain.ledger import debts, jobs, metrics
from cleanly.domain.ledger.chart import BANK, of_seller
from cleanly.domain.ledger.debts import Debtor
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from tests.domain.ledger.books import Books
from tests.moved_clock import MovedClock

TICK = Tick(due_at="2026-11-22T12:00:00.000Z")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the gauges were set to."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(metrics, "owed", lambda amounts: seen.update(owed=dict(amounts)))
    monkeypatch.setattr(metrics, "debtors", lambda look, count: seen.update({look: count}))
    return seen


async def test_debts_are_counted_per_currency(books: Books, told: dict[str, Any], clock: MovedClock):
    await books.seller(receivable=700)
    await books.seller(receivable=50)
    await books.seller(available=90)
    await Books(books.db, "USD").seller(receivable=3)
    await jobs.check_recent(Context(books.db, clock), TICK)
    assert told["owed"] == {"EUR": 750, "USD": 3}


@pytest.mark.parametrize(("run", "look"), [(jobs.check, "full"), (jobs.check_recent, "recent")])
async def test_who_owes_beside_having_something_is_told(
    books: Books, told: dict[str, Any], clock: MovedClock, run: Any, look: str
):
    await books.seller(receivable=700, pending=100)
    await books.seller(available=90)
    rich = await books.seller(receivable=5, available=7)
    with capture_logs() as logs:
        await run(Context(books.db, clock), TICK)
    assert told[look] == 1
    assert [{**line, "log_level": None} for line in logs] == [
        {
            "event": "ledger_debtor_with_money",
            "log_level": None,
            "check": look,
            "seller": str(rich),
            "currency": "EUR",
            "receivable": 5,
            "available": 7,
        }
    ]
    assert [line["log_level"] for line in logs] == ["error"]


async def test_a_debt_in_one_currency_beside_money_in_another_is_none_of_these(books: Books):
    seller = await books.seller(receivable=5)
    other = Books(books.db, "USD")
    opened = await other.open(*of_seller(seller, "USD"))
    (bank,) = await other.platform(BANK)
    await other.post((opened[1], -9), (bank, 9))
    async with books.db.begin() as session:
        assert await debts.debtors(session) == []
        assert await debts.recent_debtors(session) == []


async def test_what_is_older_than_an_hour_is_for_the_night(broken: tuple[Books, psycopg.Connection]):
    books, connection = broken
    seller = await books.seller(receivable=5, available=7)
    connection.execute("UPDATE ledger_transactions SET created_at = now() - interval '61 minutes'")
    async with books.db.begin() as session:
        assert await debts.recent_debtors(session) == []
        assert await debts.debtors(session) == [Debtor(seller, "EUR", 5, 7)]
