"""What a run found is kept and can be read; a balance that stays different for a day is an alarm and a row."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from cleanly.domain.ledger.reconciliation import flows, reports, rules
from cleanly.domain.ledger.reconciliation.inbound import on_entries
from cleanly.domain.ledger.reconciliation.messages import RECONCILE_ONE, OneProvider
from cleanly.entry.cli.ledger import app
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandlers
from cleanly.platform.providers.errors import NotSent
from cleanly.platform.providers.protocol import Balance
from tests.domain.ledger.reconciliation.books import PATH, Reconciled, ScriptedBooks
from tests.world import code

REPORTS = f"{PATH}/reports"
MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def euros(amount: int) -> Balance:
    return Balance(available={"EUR": amount}, pending={})


async def differing(books: Reconciled, difference: int) -> None:
    """A line that agrees, and a provider that holds something else."""
    await books.booked()
    books.tells(books.entry("txn_1"))
    books.provider.held = euros(9_680 + difference)


async def test_a_run_leaves_a_report_of_what_it_did_and_found(books: Reconciled):
    await differing(books, 20)
    books.provider.pages[0].append(books.entry("txn_2", source="ch_9", gross=100, fee=0))
    books.provider.held = euros(9_780 + 20)
    began = books.world.clock.now()
    await books.run()
    admin = await books.admin()
    [report] = (await admin.call("GET", REPORTS)).json()["items"]
    assert report == {
        "id": report["id"],
        "provider": "scripted",
        "providerAccount": "acct_ours",
        "startedAt": rfc3339(began),
        "endedAt": rfc3339(began),
        "isClean": False,
        "imported": 2,
        "booked": 2,
        "opened": 1,
        "openItems": {"missing_local": 1},
        "standings": [
            {
                "currency": "EUR",
                "held": 9_800,
                "booked": 0,
                "coming": 9_780,
                "clearing": 10_000 - 320,
                "difference": 20,
                "differsSince": rfc3339(began),
            }
        ],
        "fault": None,
    }


async def test_a_run_that_finds_nothing_is_a_clean_report(books: Reconciled):
    await differing(books, 0)
    await books.run()
    admin = await books.admin()
    [report] = (await admin.call("GET", REPORTS)).json()["items"]
    assert report["isClean"] is True
    assert report["standings"][0]["differsSince"] is None


async def test_a_provider_that_could_not_be_asked_has_a_report_that_says_so(books: Reconciled):
    other = ScriptedBooks("other")
    books.use(books.provider, other)
    books.tells(books.entry("txn_1"))
    books.provider.pages.append([])
    books.provider.fault = (1, NotSent("the line is down"))
    with pytest.raises(ExceptionGroup):
        await books.run()
    admin = await books.admin()
    items = (await admin.call("GET", REPORTS)).json()["items"]
    assert [(one["provider"], one["fault"]) for one in items] == [
        ("other", None),
        ("scripted", "NotSent: the line is down"),
    ]
    assert (items[1]["isClean"], items[1]["imported"], items[1]["booked"], items[1]["standings"]) == (False, 1, 1, [])


async def test_a_balance_that_can_not_be_asked_for_keeps_no_line_from_being_read(books: Reconciled):
    await books.booked()
    books.tells(books.entry("txn_1"))
    books.provider.balances = [NotSent("away")]
    with pytest.raises(ExceptionGroup):
        await books.run()
    assert await books.balance("provider_fees") == 320
    assert await books.world.rows("SELECT 1 FROM provider_standings") == []
    await books.run()
    assert len(await books.world.rows("SELECT 1 FROM provider_standings")) == 1


async def test_reports_come_page_by_page_and_by_provider(books: Reconciled):
    books.use(books.provider, ScriptedBooks("other"))
    for _ in range(3):
        await books.run()
    admin = await books.admin()
    first = (await admin.call("GET", f"{REPORTS}?limit=4")).json()
    second = (await admin.call("GET", f"{REPORTS}?limit=4&cursor={first['nextCursor']}")).json()
    names = [one["provider"] for one in first["items"] + second["items"]]
    assert names == ["other", "scripted"] * 3
    assert second["nextCursor"] is None
    found = (await admin.call("GET", f"{REPORTS}?provider=other")).json()["items"]
    assert [one["provider"] for one in found] == ["other"] * 3


async def test_reports_are_for_admins_only(books: Reconciled):
    user = await books.world.register()
    reply = await books.world.call("GET", REPORTS)
    assert (reply.status_code, code(reply)) == (401, "TOKEN_MISSING")
    reply = await user.call("GET", REPORTS)
    assert (reply.status_code, code(reply)) == (403, "FORBIDDEN")


async def test_very_old_reports_are_forgotten(books: Reconciled):
    await books.run()
    books.world.clock.move(days=reports.KEPT.days + 1)
    await books.run()
    rows = await books.world.rows("SELECT started_at FROM reconciliation_reports")
    assert [row.started_at for row in rows] == [books.world.clock.now()]


async def test_a_balance_that_differs_for_a_day_is_one_row_and_an_alarm_each_time(books: Reconciled):
    await differing(books, 20)
    began = books.world.clock.now()
    await books.run()
    books.world.clock.move(hours=23)
    with capture_logs() as logs:
        await books.run()
    assert await books.items() == []
    assert "reconciliation_balance_differs" not in [line["event"] for line in logs]
    books.world.clock.move(hours=1)
    for _ in range(2):
        with capture_logs() as logs:
            await books.run()
        [alarm] = [line for line in logs if line["event"] == "reconciliation_balance_differs"]
        assert (alarm["log_level"], alarm["provider"], alarm["currency"]) == ("error", "scripted", "EUR")
        assert alarm["difference"] == 20
        books.world.clock.move(hours=1)
    found = await books.only()
    assert (found.kind, found.object, found.resolved_at) == ("balance", "EUR", None)
    assert (found.details["difference"], found.details["differsSince"]) == (20, rfc3339(began))
    # Told, and nothing mended.
    assert await books.balance("provider.scripted") == 0


async def test_a_balance_that_agreed_meanwhile_begins_anew(books: Reconciled):
    await differing(books, 20)
    await books.run()
    books.world.clock.move(hours=20)
    books.provider.held = euros(9_680)
    await books.run()
    books.provider.held = euros(9_680 - 5)
    await books.run()
    books.world.clock.move(hours=23)
    await books.run()
    assert await books.items() == []
    books.world.clock.move(hours=1)
    await books.run()
    assert await books.items() == [("balance", "EUR")]


async def test_each_currency_has_a_day_of_its_own(books: Reconciled):
    await differing(books, 20)
    await books.run()
    books.world.clock.move(hours=12)
    books.provider.held = Balance(available={"EUR": 9_700}, pending={"USD": 7})
    await books.run()
    books.world.clock.move(hours=12)
    await books.run()
    assert await books.items() == [("balance", "EUR")]
    books.world.clock.move(hours=12)
    await books.run()
    assert sorted(await books.items()) == [("balance", "EUR"), ("balance", "USD")]


async def test_money_that_moves_during_the_look_is_no_difference(books: Reconciled):
    """A sale between the reading of the lines and the second look."""
    await differing(books, 0)
    books.provider.balances = [euros(9_680), euros(9_680 + 4_000)]
    await books.run()
    [row] = await books.world.rows("SELECT difference, held FROM provider_standings")
    assert tuple(row) == (0, 13_680)


def test_a_difference_is_what_lies_outside_both_looks():
    assert rules.difference(100, 100, ours=100) == 0
    assert rules.difference(100, 140, ours=120) == 0
    assert rules.difference(140, 100, ours=120) == 0
    assert rules.difference(100, 140, ours=90) == 10
    assert rules.difference(100, 140, ours=150) == -10


def test_since_when_it_differs_begins_anew_with_the_sign(clock):
    now = clock.now()
    since = now - timedelta(hours=5)
    assert rules.differs_since(0, None, 0, now=now) is None
    assert rules.differs_since(0, None, 7, now=now) == now
    assert rules.differs_since(3, since, 7, now=now) == since
    assert rules.differs_since(3, since, -7, now=now) == now
    assert rules.differs_since(3, since, 0, now=now) is None


def completed(provider: str = "scripted", account: str = "acct_ours") -> ProviderEvent:
    """What a provider says when its books are complete."""
    return ProviderEvent(
        provider=provider,
        account=account,
        id="evt_1",
        type="payout.reconciliation_completed",
        kind="entry",
        object="po_1",
        our_id=None,
        is_live=False,
        api_version=None,
        created_at=MOMENT,
    )


async def test_news_that_the_books_are_complete_has_them_read(books: Reconciled):
    handler = books.world.context.part(InboundHandlers).by_kind["entry"]
    assert handler.run is on_entries
    assert not handler.is_for_every_account
    await books.booked()
    books.tells(books.entry("txn_1"))
    assert await on_entries(books.world.context, completed()) is Handled.DONE
    assert await books.world.rows("SELECT 1 FROM provider_entries") == [], "a job does it, not the inbox"
    await books.world.work()
    assert await books.balance("provider_fees") == 320
    assert len(await books.world.rows("SELECT 1 FROM reconciliation_reports")) == 1


async def test_the_same_news_twice_changes_nothing_more(books: Reconciled):
    await books.booked()
    books.tells(books.entry("txn_1", available_on=books.world.clock.now()))
    for _ in range(2):
        await on_entries(books.world.context, completed())
    await books.world.work()
    assert await books.postings() == ["provider_entry.available", "provider_entry.fee"]
    assert await books.items() == []


async def test_news_of_a_provider_without_books_is_nobodys(books: Reconciled):
    books.provider.capabilities = frozenset()
    assert await on_entries(books.world.context, completed()) is Handled.IGNORED


async def test_one_provider_that_can_not_be_asked_is_tried_again_and_one_that_is_gone_is_not(books: Reconciled):
    books.provider.fault = (0, NotSent("away"))
    with pytest.raises(NotSent):
        await flows.run_one(books.world.context, OneProvider(provider="scripted"))
    await flows.run_one(books.world.context, OneProvider(provider="gone"))
    assert RECONCILE_ONE.attempts_max > 1


async def test_the_command_line_prints_the_last_report(
    books: Reconciled, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("cleanly.entry.cli.running.set_up_logging", lambda **_: None)  # it would outlive the test
    found = await asyncio.to_thread(CliRunner().invoke, app, ["report"])
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (0, "no books were read yet")
    await differing(books, 20)
    await books.run()
    found = await asyncio.to_thread(CliRunner().invoke, app, ["report"])
    assert found.exit_code == 1
    assert "the books do not agree" in found.stderr
    assert "scripted acct_ours" in found.stdout
    assert "differs; 1 lines imported, 1 booked, 0 differences new, 0 open" in found.stdout.replace("\n", " ")
    [line] = [line.split() for line in found.stdout.splitlines() if line.strip().startswith("EUR")]
    assert line[:6] == ["EUR", "9,700", "0", "9,680", "9,680", "20"]
    books.provider.held = None
    await books.run()
    found = await asyncio.to_thread(CliRunner().invoke, app, ["report"])
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (0, "the books agree")
