"""What a provider's line moves besides its fee: to our bank, between currencies, or nowhere at all."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.ledger.chart import BANK, FX
from cleanly.domain.ledger.reconciliation import booking, flows, rules
from cleanly.domain.ledger.reconciliation.rules import Leg
from cleanly.kernel.money import Money
from tests.domain.ledger.reconciliation.books import Reconciled


def now(books: Reconciled) -> dict[str, Any]:
    """A line that is available at once."""
    return {"available_on": books.world.clock.now()}


async def references(books: Reconciled) -> dict[str, list[tuple[str, int, str]]]:
    """What was booked from lines: by step, the platform's accounts with + debit and - credit."""
    rows = await books.world.rows(
        "SELECT p.provider_entry_id || ':' || split_part(t.reference, ':', 3) AS step, a.name, e.amount, t.currency"
        " FROM ledger_transactions t JOIN provider_entries p ON t.reference LIKE 'provider_entry:' || p.id || ':%'"
        " JOIN ledger_entries e ON e.transaction_id = t.id JOIN ledger_accounts a ON a.id = e.account_id"
        " ORDER BY 1, 2"
    )
    found: dict[str, list[tuple[str, int, str]]] = {}
    for row in rows:
        found.setdefault(row.step, []).append((row.name, int(row.amount), row.currency))
    return found


async def test_a_withdrawal_goes_to_our_bank_and_needs_nothing_of_ours(books: Reconciled):
    books.tells(books.entry("txn_1", -50_000, kind="payout", source="po_1", fee=0, **now(books)))
    await books.run()
    assert await books.items() == []
    assert await references(books) == {
        "txn_1:available": [("clearing.scripted", 50_000, "EUR"), ("provider.scripted", -50_000, "EUR")],
        "txn_1:payout": [("bank", 50_000, "EUR"), ("clearing.scripted", -50_000, "EUR")],
    }
    assert await books.balance("clearing.scripted") == 0


async def test_a_withdrawal_that_came_back_and_a_deposit_turn_the_signs(books: Reconciled):
    books.tells(
        books.entry("txn_1", -50_000, kind="payout", source="po_1", fee=100, **now(books)),
        books.entry("txn_2", 50_000, kind="payout", source="po_1", fee=0, **now(books)),
    )
    await books.run()
    assert await books.items() == []
    assert await books.balance("bank") == 0
    assert await books.balance("provider_fees") == 100
    assert await books.balance("provider.scripted") == -100
    assert await books.balance("clearing.scripted") == 0


async def test_both_sides_of_a_conversion_go_through_fx(books: Reconciled):
    await books.booked(currency="USD")
    books.tells(
        books.entry("txn_1", currency="USD", **now(books)),
        books.entry("txn_2", -9_680, kind="conversion", source="cv_1", currency="USD", fee=0, **now(books)),
        books.entry("txn_3", 8_900, kind="conversion", source="cv_1", currency="EUR", fee=0, **now(books)),
    )
    await books.run()
    assert await books.items() == []
    booked = await references(books)
    assert booked["txn_2:fx_out"] == [("clearing.scripted", -9_680, "USD"), ("fx", 9_680, "USD")]
    assert booked["txn_3:fx_in"] == [("clearing.scripted", 8_900, "EUR"), ("fx", -8_900, "EUR")]
    for currency, held in (("USD", 0), ("EUR", 8_900)):
        assert await books.balance("clearing.scripted", currency) == 0
        assert await books.balance("provider.scripted", currency) == held


async def test_a_line_that_the_provider_converted_leaves_one_currency_and_comes_in_in_the_other(books: Reconciled):
    await books.booked(currency="USD")
    await books.booked(-4_000, source="re_1", currency="USD")
    dollars = Money(10_000, "USD")
    books.tells(
        books.entry("txn_1", 9_200, fee=300, original=dollars, **now(books)),
        books.entry("txn_2", -3_700, kind="refund", source="re_1", fee=0, original=Money(-4_000, "USD"), **now(books)),
    )
    await books.run()
    # Matched by what moved before: no difference in currency.
    assert await books.items() == []
    booked = await references(books)
    assert booked["txn_1:fx_out"] == [("clearing.scripted", -10_000, "USD"), ("fx", 10_000, "USD")]
    assert booked["txn_1:fx_in"] == [("clearing.scripted", 9_200, "EUR"), ("fx", -9_200, "EUR")]
    assert booked["txn_2:fx_in"] == [("clearing.scripted", 4_000, "USD"), ("fx", -4_000, "USD")]
    assert booked["txn_2:fx_out"] == [("clearing.scripted", -3_700, "EUR"), ("fx", 3_700, "EUR")]
    assert await books.balance("clearing.scripted", "USD") == 0
    assert await books.balance("clearing.scripted", "EUR") == 0
    assert await books.balance("provider.scripted", "EUR") == 9_200 - 300 - 3_700
    # What the provider's rate made of 6,000 dollars, on the side that a liability has.
    assert await books.balance("fx", "USD") == -6_000
    assert await books.balance("fx", "EUR") == 5_500


async def test_a_converted_line_of_another_amount_is_a_difference_in_the_amount(books: Reconciled):
    await books.booked(9_000, currency="USD", days=5)
    books.tells(books.entry("txn_1", 9_200, original=Money(10_000, "USD")))
    await books.run()
    found = await books.only()
    assert found.kind == "amount"
    assert found.details["theirs"] == {"id": "txn_1", "amount": 10_000, "currency": "USD"}


async def test_a_hold_moves_nothing(books: Reconciled):
    books.tells(
        books.entry("txn_1", -5_000, kind="hold", source="T1", fee=0, **now(books)),
        books.entry("txn_2", 5_000, kind="hold", source="T2", fee=0, **now(books)),
        books.entry("txn_3", -7_000, kind="hold", source="T3", fee=0, available_on=None),
    )
    held = await books.provider.get_balance()
    books.provider.held = type(held)(available={"EUR": -7_000}, pending={"EUR": 7_000})
    await books.run()
    assert await books.items() == []
    assert await references(books) == {}
    [row] = await books.world.rows("SELECT held, coming, difference FROM provider_standings")
    assert tuple(row) == (0, 0, 0)


async def test_a_disputes_fee_of_its_own_is_a_disputes_cost(books: Reconciled):
    books.tells(books.entry("txn_1", -1_400, kind="dispute_fee", source="N1", fee=0, **now(books)))
    await books.run()
    assert await books.items() == []
    assert await books.balance("dispute_fees") == 1_400
    assert await books.balance("clearing.scripted") == 0


async def test_what_is_sent_to_a_seller_must_be_in_our_books(books: Reconciled):
    books.tells(books.entry("txn_1", -5_000, kind="transfer", source="tr_1", fee=0))
    await books.run()
    assert await books.items() == [("missing_local", "tr_1")]


async def test_booking_again_after_a_crash_books_each_step_once(books: Reconciled, monkeypatch: pytest.MonkeyPatch):
    real = booking.book

    async def book(session: Any, *arguments: Any, **named: Any) -> int:
        await real(session, *arguments, **named)
        raise RuntimeError("the process died before its commit")

    books.tells(
        books.entry("txn_1", -50_000, kind="payout", source="po_1", fee=0, **now(books)),
        books.entry("txn_2", 9_200, fee=300, original=Money(10_000, "USD"), **now(books)),
    )
    await books.booked(currency="USD")
    monkeypatch.setattr(booking, "book", book)
    with pytest.raises(RuntimeError):
        await books.run()
    assert await references(books) == {}
    monkeypatch.setattr(booking, "book", real)
    await books.run()
    before = await references(books)
    assert sorted(before) == [
        *("txn_1:available", "txn_1:payout"),
        *("txn_2:available", "txn_2:fee", "txn_2:fx_in", "txn_2:fx_out"),
    ]
    await books.run()
    assert await references(books) == before


async def test_a_sort_of_line_that_came_in_meanwhile_waits_for_the_next_run(
    books: Reconciled, monkeypatch: pytest.MonkeyPatch
):
    """Its accounts may not be open: another process imported it between the look and the booking."""
    real = booking.due

    async def due(*arguments: Any, **named: Any) -> dict[str, list[booking.Sort]]:
        found = await real(*arguments, **named)
        return {currency: [sort for sort in sorts if sort[0] != "payout"] for currency, sorts in found.items()}

    await books.booked()
    books.tells(
        books.entry("txn_1", **now(books)),
        books.entry("txn_2", -500, kind="payout", source="po_1", fee=0, **now(books)),
    )
    monkeypatch.setattr(booking, "due", due)
    await books.run()
    assert sorted(await references(books)) == ["txn_1:available", "txn_1:fee"]
    monkeypatch.setattr(booking, "due", real)
    await books.run()
    assert await books.balance("bank") == 10_000 * -1 + 500


@given(
    kind=st.sampled_from(["charge", "refund", "payout", "conversion", "fee", "dispute_fee", "hold"]),
    gross=st.integers(-10_000, 10_000),
    original=st.one_of(st.none(), st.integers(-10_000, 10_000)),
)
def test_every_leg_moves_something_and_only_what_the_line_says(kind: str, gross: int, original: int | None):
    converted_from = None if original is None else "USD"
    legs = rules.legs(kind, gross=gross, currency="EUR", original=original or 0, original_currency=converted_from)
    assert all(leg.amount for leg in legs)
    sums = {(leg.account.name, leg.currency): leg.amount for leg in legs}
    assert len(sums) == len(legs)
    if kind == "payout":
        assert sums == ({("bank", "EUR"): -gross} if gross else {})
    elif kind == "conversion":
        assert sums == ({("fx", "EUR"): -gross} if gross else {})
    elif original is not None:
        wanted = {("fx", "USD"): original, ("fx", "EUR"): -gross}
        assert sums == {place: amount for place, amount in wanted.items() if amount}
    else:
        assert legs == ()


def test_the_steps_have_the_names_of_the_table():
    assert rules.legs("payout", gross=-5, currency="EUR", original=0, original_currency=None) == (
        Leg("payout", BANK, 5, "EUR"),
    )
    assert rules.legs("conversion", gross=-5, currency="EUR", original=0, original_currency=None) == (
        Leg("fx_out", FX, 5, "EUR"),
    )
    assert rules.legs("conversion", gross=5, currency="USD", original=0, original_currency=None) == (
        Leg("fx_in", FX, -5, "USD"),
    )


async def test_a_list_without_order_is_read_again_from_where_nothing_is_missing(books: Reconciled):
    """A run that breaks off in the middle of a window goes on from the window's start."""
    began = books.world.clock.now()
    start = began - timedelta(days=20)
    books.provider.pages = [[books.entry("txn_1")], [books.entry("txn_2", created_at=start + timedelta(days=1))]]
    books.provider.told_until = {0: start}
    books.provider.fault = (1, flows.NotSent("away"))
    with pytest.raises(ExceptionGroup):
        await books.run()
    [row] = await books.world.rows("SELECT imported_until FROM provider_imports")
    assert row.imported_until == start
    books.provider.fault = None
    await books.run()
    [row] = await books.world.rows("SELECT imported_until FROM provider_imports")
    assert row.imported_until == began


async def test_a_list_that_is_not_whole_at_its_end_is_read_again_from_where_it_is(books: Reconciled):
    """What is pending at the provider comes again under its old date."""
    waits = books.world.clock.now() - timedelta(days=5)
    books.provider.pages = [[books.entry("txn_1")]]
    books.provider.told_until = {0: waits}
    await books.run()
    [row] = await books.world.rows("SELECT imported_until FROM provider_imports")
    assert row.imported_until == waits
