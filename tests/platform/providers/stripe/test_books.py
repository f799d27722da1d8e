"""Stripe's balance transactions: withdrawals to our bank, conversions, and the news that the books are complete."""

import json
import pathlib
from typing import Any

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.stripe import events, snapshots

FIXTURES = pathlib.Path(__file__).parents[5] / "shared" / "specs" / "stripe" / "fixtures3.json"


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    if not FIXTURES.exists():
        pytest.skip("the vendors' specifications are not beside this checkout (shared/specs)")
    return json.loads(FIXTURES.read_text())["resources"]


def line(category: str, amount: int, source: Any, *, currency: str = "eur", **more: Any) -> dict[str, Any]:
    return {
        "id": "txn_1",
        "object": "balance_transaction",
        "type": category,
        "reporting_category": category,
        "amount": amount,
        "fee": 0,
        "net": amount,
        "currency": currency,
        "created": 1_700_000_000,
        "available_on": 1_700_000_000,
        "exchange_rate": None,
        "source": source,
        **more,
    }


@pytest.mark.parametrize(
    ("category", "amount"),
    [("payout", -49_108), ("payout_reversal", 49_108), ("topup", 5_000), ("topup_reversal", -5_000)],
)
def test_what_moves_between_stripe_and_our_bank_is_a_payout(category: str, amount: int):
    found = snapshots.entry(line(category, amount, "po_1"))
    assert (found.kind, found.source, found.gross, found.original) == ("payout", "po_1", Money(amount, "EUR"), None)


@pytest.mark.parametrize("category", ["transfer", "transfer_reversal"])
def test_what_moves_between_us_and_a_seller_is_no_payout_of_ours(category: str):
    assert snapshots.entry(line(category, -100, "tr_1")).kind == "transfer"


@pytest.mark.parametrize(
    ("category", "amount", "source", "original"),
    [
        ("charge", 9_200, {"id": "ch_1", "object": "charge", "amount": 12_000, "amount_captured": 10_000}, 10_000),
        ("refund", -3_700, {"id": "re_1", "object": "refund", "amount": 4_000}, -4_000),
        ("refund_failure", 3_700, {"id": "re_1", "object": "refund", "amount": 4_000}, 4_000),
        ("dispute", -9_300, {"id": "dp_1", "object": "dispute", "amount": 10_000}, -10_000),
        ("dispute_reversal", 9_250, {"id": "dp_1", "object": "dispute", "amount": 10_000}, 10_000),
    ],
)
def test_a_converted_line_tells_what_moved_before(category: str, amount: int, source: dict[str, Any], original: int):
    found = snapshots.entry(line(category, amount, source | {"currency": "usd"}, exchange_rate=0.92))
    assert (found.gross, found.original, found.source) == (
        Money(amount, "EUR"),
        Money(original, "USD"),
        source["id"],
    )
    assert found.meta["exchange_rate"] == "0.92"


@pytest.mark.parametrize(
    "source",
    [
        {"id": "ch_1", "object": "charge", "amount_captured": 9_200, "currency": "eur"},
        {"id": "ch_1", "object": "charge", "amount_captured": 0, "currency": "usd"},
        {"id": "tr_1", "object": "transfer", "amount": 10_000, "currency": "usd"},
        "ch_1",
        None,
    ],
)
def test_what_was_not_converted_or_does_not_say_so_has_no_original(source: Any):
    assert snapshots.entry(line("charge", 9_200, source)).original is None


def test_a_charge_in_a_currency_without_decimals_keeps_its_amount():
    source = {"id": "ch_1", "object": "charge", "amount_captured": 15_000, "currency": "jpy"}
    assert snapshots.entry(line("charge", 9_200, source)).original == Money(15_000, "JPY")


def test_a_converted_dispute_moves_what_is_disputed():
    moved = {"id": "txn_1", "amount": -9_300, "currency": "eur"}
    it = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 10_000,
        "currency": "usd",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "status": "needs_response",
        "reason": "fraudulent",
        "balance_transactions": [moved],
    }
    [seen] = snapshots.dispute(it).movements
    assert (seen.kind, seen.money) == ("withdrawn", Money(10_000, "USD"))


async def test_the_books_are_asked_for_with_their_sources(stripe, wire, clock):
    began = clock.now()
    clock.move(seconds=1)
    wire.book("charge", "ch_1", 100, "eur")
    await stripe.list_entries(began, None)
    asked = [call.query for call in wire.sent("GET", "/v1/balance_transactions") if call.query["limit"] != "1"]
    assert [query["expand[0]"] for query in asked] == ["data.source"]


def test_a_payout_of_the_vendors_own_example_is_read(resources):
    payout = resources["payout"]
    it = resources["balance_transaction"] | {
        "type": "payout",
        "reporting_category": "payout",
        "amount": -payout["amount"],
        "net": -payout["amount"],
        "source": payout,
    }
    found = snapshots.entry(it)
    assert (found.kind, found.source, found.gross, found.original) == (
        "payout",
        payout["id"],
        Money(-1100, "USD"),
        None,
    )


def test_a_converted_charge_of_the_vendors_own_example_is_read(resources):
    charge = resources["charge"]
    it = resources["balance_transaction"] | {"currency": "eur", "exchange_rate": 0.92, "source": charge}
    found = snapshots.entry(it)
    assert found.source == charge["id"]
    expected = charge["amount_captured"]
    assert found.original == (Money(expected, charge["currency"].upper()) if expected else None)


def test_the_news_that_the_books_are_complete_is_about_the_books(resources):
    it = resources["event"] | {
        "type": "payout.reconciliation_completed",
        "livemode": False,
        "data": {"object": resources["payout"]},
    }
    found = events.event(it, account="test", is_live=False, verified_with="list")
    assert (found.kind, found.object) == ("entry", resources["payout"]["id"])
    other = events.event(it | {"type": "payout.paid"}, account="test", is_live=False, verified_with="list")
    assert other.kind == "payout"
