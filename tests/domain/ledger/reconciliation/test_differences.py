"""Every way in which two books can differ is one row, told once, and moves nothing."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from cleanly.domain.ledger.reconciliation import booking, flows
from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import NotSent
from cleanly.platform.providers.protocol import Balance
from tests.domain.ledger.reconciliation.books import Reconciled, ScriptedBooks


async def test_lines_that_agree_make_no_difference_and_move_to_the_provider(books: Reconciled):
    await books.booked(days=5)
    books.tells(books.entry("txn_1", available_on=books.world.clock.now()))
    await books.run()
    assert await books.items() == []
    assert await books.postings() == ["provider_entry.available", "provider_entry.fee"]
    assert await books.balance("clearing.scripted") == 0
    assert await books.balance("provider.scripted") == 9_680
    assert await books.balance("provider_fees") == 320


async def test_what_is_not_available_yet_or_has_no_day_stays_in_clearing(books: Reconciled):
    await books.booked()
    await books.booked(source="ch_2")
    books.tells(books.entry("txn_1"), books.entry("txn_2", source="ch_2", available_on=None))
    await books.run()
    books.world.clock.move(days=2)
    await books.run()
    assert await books.balance("provider.scripted") == 9_680
    assert await books.balance("clearing.scripted") == 9_680


async def test_negative_lines_turn_the_signs(books: Reconciled):
    await books.booked(-4_000, source="re_1", days=5)
    now = books.world.clock.now()
    books.tells(books.entry("txn_1", -4_000, kind="refund", source="re_1", fee=-100, available_on=now))
    await books.run()
    assert await books.items() == []
    assert await books.balance("provider.scripted") == -3_900
    assert await books.balance("provider_fees") == -100
    assert await books.balance("clearing.scripted") == 0


async def test_a_fee_of_its_own_is_all_cost_and_needs_nothing_of_ours(books: Reconciled):
    now = books.world.clock.now()
    books.tells(books.entry("txn_1", -50, kind="fee", source=None, fee=0, available_on=now))
    await books.run()
    assert await books.items() == []
    assert await books.balance("provider_fees") == 50
    assert await books.balance("clearing.scripted") == 0
    assert await books.balance("provider.scripted") == -50


async def test_a_line_without_a_posting_is_missing_here(books: Reconciled):
    books.tells(books.entry("txn_1"))
    await books.run()
    found = await books.only()
    assert (found.kind, found.object) == ("missing_local", "ch_1")
    assert found.details == {"theirs": {"id": "txn_1", "amount": 10_000, "currency": "EUR"}}
    assert (found.resolved_at, found.opened_at) == (None, books.world.clock.now())


async def test_a_line_that_names_no_source_is_missing_here_under_its_own_name(books: Reconciled):
    books.tells(books.entry("txn_1", kind="adjustment", source=None))
    await books.run()
    assert await books.items() == [("missing_local", "txn_1")]


async def test_a_posting_without_a_line_is_missing_there_after_three_days(books: Reconciled):
    reference = await books.booked(days=2)
    await books.run()
    assert await books.items() == []
    await books.age(1)
    await books.run()
    found = await books.only()
    assert (found.kind, found.object) == ("missing_provider", "ch_1")
    assert found.details == {"ours": {"id": reference, "amount": 10_000, "currency": "EUR"}}


async def test_a_young_posting_is_not_missed_because_something_else_of_its_object_is(books: Reconciled):
    await books.booked(-4_000)
    books.tells(books.entry("txn_1"))
    await books.run()
    assert await books.items() == [("missing_local", "ch_1")]


async def test_postings_of_another_provider_are_not_missed_here(books: Reconciled):
    await books.booked(days=5)
    books.provider.name = "another"
    await books.run()
    assert await books.items() == []


async def test_another_amount_is_one_difference_and_not_two(books: Reconciled):
    reference = await books.booked(9_000, days=5)
    books.tells(books.entry("txn_1"))
    await books.run()
    found = await books.only()
    assert (found.kind, found.object) == ("amount", "ch_1")
    assert found.details == {
        "theirs": {"id": "txn_1", "amount": 10_000, "currency": "EUR"},
        "ours": {"id": reference, "amount": 9_000, "currency": "EUR"},
    }
    assert await books.balance("clearing.scripted") == 9_000 - 320


async def test_another_currency_is_one_difference_and_not_two(books: Reconciled):
    await books.booked(days=5)
    books.tells(books.entry("txn_1", currency="USD", available_on=books.world.clock.now()))
    await books.run()
    assert await books.items() == [("currency", "ch_1")]
    # Each side stands where it was told: neither was converted into the other.
    assert await books.balance("clearing.scripted") == 10_000
    assert await books.balance("clearing.scripted", "USD") == -10_000
    assert await books.balance("provider.scripted", "USD") == 9_680


async def test_a_line_told_twice_under_two_names_is_a_duplicate(books: Reconciled):
    await books.booked()
    books.tells(books.entry("txn_1"), books.entry("txn_2"))
    await books.run()
    assert await books.items() == [("duplicate", "ch_1")]
    assert (await books.only()).details["theirs"]["id"] == "txn_2"


async def test_a_posting_made_twice_is_a_duplicate(books: Reconciled):
    await books.booked(days=5)
    await books.booked(days=4)
    books.tells(books.entry("txn_1"))
    await books.run()
    assert await books.items() == [("duplicate", "ch_1")]


async def test_equal_amounts_on_both_sides_are_no_duplicates(books: Reconciled):
    await books.booked(days=5)
    await books.booked(days=5)
    books.tells(books.entry("txn_1"), books.entry("txn_2"))
    await books.run()
    assert await books.items() == []


async def test_one_name_twice_in_a_page_is_one_line(books: Reconciled):
    await books.booked()
    books.tells(books.entry("txn_1"), books.entry("txn_1"))
    await books.run()
    assert await books.items() == []
    assert await books.balance("provider_fees") == 320


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"gross": 10_001}, "amount"), ({"fee": 321}, "amount"), ({"currency": "USD"}, "currency")],
)
async def test_a_line_that_is_told_otherwise_later_stays_and_is_shown(books: Reconciled, changes: dict, kind: str):
    await books.booked()
    books.tells(books.entry("txn_1"))
    await books.run()
    books.tells(books.entry("txn_1", **changes))
    await books.run()
    await books.run()
    found = await books.only()
    assert (found.kind, found.object) == (kind, "ch_1")
    assert found.details["before"] == {"gross": 10_000, "fee": 320, "net": 9_680, "currency": "EUR"}
    assert found.details["now"] != found.details["before"]
    kept = await books.world.rows("SELECT gross, fee, currency FROM provider_entries")
    assert [tuple(row) for row in kept] == [(10_000, 320, "EUR")]


async def test_a_line_that_does_not_add_up_is_shown(books: Reconciled):
    await books.booked()
    books.tells(books.entry("txn_1", net=Money(9_000, "EUR")))
    await books.run()
    assert await books.items() == [("amount", "ch_1")]


async def test_what_was_told_is_not_told_again_and_resolved_stays_resolved(books: Reconciled):
    books.tells(books.entry("txn_1"))
    await books.booked(source="ch_2", days=5)
    await books.run()
    before = await books.items()
    await books.run()
    admin = await books.admin()
    for row in await books.world.rows("SELECT id FROM reconciliation_items"):
        reply = await admin.call("POST", f"/admin/reconciliation/{row.id}/resolve", {"reason": "looked at"})
        assert reply.status_code == 200, reply.text
    await books.run()
    assert sorted(await books.items()) == sorted(before) == [("missing_local", "ch_1"), ("missing_provider", "ch_2")]


async def test_a_crash_between_two_batches_leaves_the_rest_to_the_next_run(
    books: Reconciled, monkeypatch: pytest.MonkeyPatch
):
    now = books.world.clock.now()
    for number in range(5):
        await books.booked(source=f"ch_{number}")
    books.tells(*(books.entry(f"txn_{number}", source=f"ch_{number}", available_on=now) for number in range(5)))
    monkeypatch.setattr(booking, "BATCH", 2)
    real, calls = booking.book, []

    async def book(session, provider, currency, sorts, *, now):
        calls.append(currency)
        done = await real(session, provider, currency, sorts, now=now)
        if len(calls) == 2:
            raise RuntimeError("the process died before its commit")
        return done

    monkeypatch.setattr(booking, "book", book)
    with pytest.raises(RuntimeError):
        await books.run()
    assert len(await books.postings()) == 2 * 2
    await books.run()
    assert len(await books.postings()) == 2 * 5
    assert await books.balance("clearing.scripted") == 0
    assert await books.balance("provider.scripted") == 5 * 9_680
    assert await books.items() == []


async def test_lines_that_wait_for_their_day_keep_no_other_from_being_booked(
    books: Reconciled, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(booking, "BATCH", 2)
    for number in range(4):
        await books.booked(source=f"ch_{number}")
    waiting = [books.entry(f"txn_{number}", source=f"ch_{number}") for number in range(3)]
    books.tells(*waiting)
    await books.run()
    books.tells(*waiting, books.entry("txn_3", source="ch_3", available_on=books.world.clock.now()))
    await asyncio.wait_for(books.run(), timeout=60)
    assert await books.balance("provider.scripted") == 9_680
    assert await books.balance("provider_fees") == 4 * 320


async def test_many_runs_at_once_book_and_tell_everything_once(books: Reconciled):
    now = books.world.clock.now()
    for number in range(8):
        await books.booked(source=f"ch_{number}", days=5)
    books.tells(*(books.entry(f"txn_{number}", source=f"ch_{number + 4}", available_on=now) for number in range(8)))
    await asyncio.gather(*(books.run() for _ in range(4)))
    assert await books.postings() == ["provider_entry.available"] * 8 + ["provider_entry.fee"] * 8
    kinds = sorted(kind for kind, _ in await books.items())
    assert kinds == ["missing_local"] * 4 + ["missing_provider"] * 4
    assert await books.balance("provider.scripted") == 8 * 9_680


async def test_a_list_that_breaks_off_is_read_on_next_time_and_nothing_is_missed_meanwhile(books: Reconciled):
    now = books.world.clock.now()
    await books.booked(days=5)
    await books.booked(source="ch_2", days=5)
    early, late = now - timedelta(days=20), now - timedelta(days=1)
    books.provider.pages = [
        [books.entry("txn_1", created_at=early)],
        [books.entry("txn_2", source="ch_2", created_at=late)],
    ]
    books.provider.fault = (1, NotSent("away"))
    with pytest.raises(ExceptionGroup):
        await books.run()
    assert await books.items() == []
    assert await books.balance("provider_fees") == 320
    books.provider.fault = None
    await books.run()
    assert await books.items() == []
    assert await books.balance("provider_fees") == 640
    assert books.provider.asked_since == [now - timedelta(days=31), early - timedelta(days=3)]
    books.world.clock.move(hours=1)
    await books.run()
    assert books.provider.asked_since[-1] == now - timedelta(days=3)


async def test_a_provider_that_is_away_keeps_no_other_from_being_read(books: Reconciled):
    away = ScriptedBooks("away")
    away.fault = (0, NotSent("away"))
    books.use(away, books.provider)
    books.tells(books.entry("txn_1"))
    with pytest.raises(ExceptionGroup):
        await books.run()
    assert await books.items() == [("missing_local", "ch_1")]


async def test_the_report_names_counts_and_differences(books: Reconciled):
    books.tells(books.entry("txn_1"))
    books.provider.held = Balance(available={"EUR": 9_680}, pending={"USD": 7})
    with capture_logs() as logs:
        await books.run()
    told = {line["event"]: line for line in logs}
    assert told["reconciliation"]["log_level"] == "warning"
    assert told["reconciliation"]["opened"] == 1
    assert told["reconciliation"]["differences"] == {"USD": 7}
    assert told["reconciliation_items_open"]["log_level"] == "warning"
    assert told["reconciliation_items_open"]["missing_local"] == 1
    assert told["reconciliation_items_open"]["amount"] == 0


async def test_a_clean_run_warns_of_nothing(books: Reconciled):
    await books.booked()
    books.tells(books.entry("txn_1"))
    with capture_logs() as logs:
        await books.run()
    assert [line["log_level"] for line in logs if line["event"].startswith("reconciliation")] == ["info"]


async def test_the_gauges_show_what_is_open_and_what_differs(books: Reconciled, monkeypatch: pytest.MonkeyPatch):
    seen: dict[str, object] = {}

    def items_open(counts: dict[str, int]) -> None:
        seen["open"] = dict(counts)

    def standing(provider: str, currency: str, *, difference: int, clearing: int, differs_seconds: int) -> None:
        seen[f"{provider} {currency}"] = (difference, clearing, differs_seconds)

    monkeypatch.setattr(flows.metrics, "items_open", items_open)
    monkeypatch.setattr(flows.metrics, "standing", standing)
    await books.booked()
    books.tells(books.entry("txn_1"), books.entry("txn_2", source="ch_9"))
    books.provider.held = Balance(available={"EUR": 5_000}, pending={"EUR": 9_000})
    await books.run()
    # Theirs: 140.00. Ours: two lines of 96.80 that are still to become available.
    assert seen == {"open": {"missing_local": 1}, "scripted EUR": (14_000 - 2 * 9_680, 10_000 - 640, 0)}


async def test_a_balance_that_agrees_after_becoming_available_differs_by_nothing(
    books: Reconciled, monkeypatch: pytest.MonkeyPatch
):
    seen: list[int] = []
    monkeypatch.setattr(flows.metrics, "standing", lambda *_, difference, **__: seen.append(difference))
    await books.booked()
    books.tells(books.entry("txn_1"))
    await books.run()
    books.world.clock.move(days=2)
    await books.run()
    assert await books.balance("provider.scripted") == 9_680
    assert seen == [0, 0]
