"""PayPal's report: what each line is, whose dispute it belongs to, and how it is read to its end."""

import json
from datetime import timedelta
from typing import Any

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import Refused, Unknown
from cleanly.platform.providers.paypal import books, snapshots
from tests.fakes.paypal_world import refuse
from tests.platform.providers.paypal.test_calls import paid

EUR = {"currency_code": "EUR"}
# Event codes as PayPal's reference names them; the sign is the account's view.
KINDS = [
    ("T0006", 10, "charge"),
    ("T0006", -10, "other"),  # a payment that we made
    ("T0001", -10, "transfer"),
    ("T0100", -1, "fee"),
    ("T0106", -20, "dispute_fee"),
    ("T0114", -14, "dispute_fee"),
    ("T0200", -10, "conversion"),
    ("T0201", 11, "conversion"),
    ("T0300", 50, "payout"),
    ("T0400", -50, "payout"),
    ("T0403", -50, "payout"),
    ("T1101", 50, "payout"),
    ("T1106", -10, "dispute"),
    ("T1106", 10, "dispute_reversal"),
    ("T1107", -5, "refund"),
    ("T1108", 1, "fee"),
    ("T1110", -10, "hold"),
    ("T1111", 10, "hold"),
    ("T1201", -10, "dispute"),
    ("T1202", 10, "dispute_reversal"),
    ("T1205", 10, "dispute_reversal"),
    ("T1207", -10, "dispute"),
    ("T1503", -10, "hold"),
    ("T2104", 10, "hold"),
    ("T1200", -1, "adjustment"),
    ("T1900", 1, "other"),
]


async def lines(paypal, wire, clock) -> list[Any]:
    """What the report shows of the last day."""
    clock.move(hours=1)
    return list((await paypal.list_entries(clock.now() - timedelta(days=1), None)).entries)


@pytest.mark.parametrize(("code", "gross", "kind"), KINDS)
async def test_each_line_has_its_kind(paypal, wire, clock, code: str, gross: int, kind: str):
    wire.reported(code, "N1", gross, 0, EUR)
    [entry] = await lines(paypal, wire, clock)
    assert (entry.kind, entry.source, entry.gross) == (kind, "N1", Money(gross * 100, "EUR"))


async def test_what_moved_nothing_is_no_line(paypal, wire, clock):
    for status in ("P", "D"):
        wire.reported("T0006", f"N{status}", 1, 0, EUR)
        wire.report[-1]["transaction_status"] = status
    wire.reported("T1300", "AUTHORIZED", 1, 0, EUR)
    wire.reported("T9800", "SHOWN", 1, 0, EUR)
    assert await lines(paypal, wire, clock) == []


async def test_a_payment_that_was_reversed_moved_all_the_same(paypal, wire, clock):
    wire.reported("T0006", "N1", 10, -1, EUR)
    wire.report[-1]["transaction_status"] = "V"
    assert [entry.kind for entry in await lines(paypal, wire, clock)] == ["charge"]


async def test_both_sides_of_a_conversion_are_lines_even_under_one_name(paypal, wire, clock):
    wire.reported("T0200", "CONVERSION", -10, 0, EUR, of="CAPTURE1")
    wire.reported("T0200", "CONVERSION", 11, 0, {"currency_code": "USD"}, of="CAPTURE1")
    entries = await lines(paypal, wire, clock)
    assert [(entry.kind, entry.gross, entry.source) for entry in entries] == [
        ("conversion", Money(-1000, "EUR"), "CONVERSION"),
        ("conversion", Money(1100, "USD"), "CONVERSION"),
    ]
    assert len({entry.id for entry in entries}) == 2


async def test_a_fee_is_positive_where_paypal_takes_it_and_negative_where_it_gives_it_back(paypal, wire, clock):
    wire.reported("T0006", "N1", 37.90, -1.45, EUR)
    wire.reported("T1106", "N2", -37.90, 1.45, EUR)
    taken, given = await lines(paypal, wire, clock)
    assert (taken.fee, taken.net) == (Money(145, "EUR"), Money(3645, "EUR"))
    assert (given.fee, given.net) == (Money(-145, "EUR"), Money(-3645, "EUR"))


async def test_a_disputes_lines_are_told_by_the_payment_and_named_by_the_dispute(paypal, wire, clock):
    done = await paid(paypal, wire, 1)
    dispute = wire.dispute(wire.parts["captures"][done.charge])
    wire.close_dispute(dispute["dispute_id"], is_won=True)
    assert {it.get("paypal_reference_id") for it in wire.report[1:]} == {done.charge}, "as the report has it"
    entries = await lines(paypal, wire, clock)
    assert [(entry.kind, entry.source) for entry in entries] == [
        ("charge", done.charge),
        ("dispute", dispute["dispute_id"]),
        ("dispute_reversal", dispute["dispute_id"]),
    ]
    assert len({entry.id for entry in entries}) == 3


async def test_a_dispute_is_looked_up_once_however_often_its_line_comes(paypal, wire, clock):
    done = await paid(paypal, wire, 1)
    wire.dispute(wire.parts["captures"][done.charge])
    for _ in range(3):
        await lines(paypal, wire, clock)
    [call] = wire.sent("GET", "/v1/customer/disputes")
    assert call.query == {"disputed_transaction_id": done.charge}


async def test_of_several_disputes_it_is_the_newest_that_there_was_when_the_money_moved(paypal, wire, clock):
    done = await paid(paypal, wire, 1)
    taken = wire.parts["captures"][done.charge]
    first = wire.dispute(taken)
    clock.move(days=20)
    second = wire.dispute(taken)
    entries = (await paypal.list_entries(clock.now() - timedelta(days=30), None)).entries
    disputes = [entry.source for entry in entries if entry.kind == "dispute"]
    assert disputes == [first["dispute_id"], second["dispute_id"]]


async def test_a_reversal_without_a_dispute_is_named_by_its_payment(paypal, wire, clock):
    wire.reported("T1106", "N1", -10, 0, EUR, of="CAPTURE1")
    assert [entry.source for entry in await lines(paypal, wire, clock)] == ["CAPTURE1"]


async def test_a_reference_that_is_no_payment_is_not_asked_about(paypal, wire, clock):
    wire.reported("T1106", "N1", -10, 0, EUR, of="B-1")
    wire.report[-1]["paypal_reference_id_type"] = "PAP"
    assert [entry.source for entry in await lines(paypal, wire, clock)] == ["N1"]
    assert wire.sent("GET", "/v1/customer/disputes") == []


async def test_where_disputes_may_not_be_read_the_report_is_not_taken_for_read(paypal, wire, clock, monkeypatch):
    wire.reported("T1106", "N1", -10, 0, EUR, of="CAPTURE1")
    monkeypatch.setattr(wire, "disputes_of", lambda _: wire.fail(refuse("NOT_AUTHORIZED", 403, "NOT_AUTHORIZED")))
    with pytest.raises(Refused):
        await lines(paypal, wire, clock)
    monkeypatch.setattr(wire, "disputes_of", lambda _: [{"dispute_id": "PP-D-1"}])
    with pytest.raises(Unknown):
        await lines(paypal, wire, clock)


async def test_a_page_in_the_middle_of_a_window_promises_nothing_beyond_the_windows_start(paypal, wire, clock):
    began, wire.page_size = clock.now(), 2
    for day in range(5):
        clock.move(days=1)
        wire.reported("T0006", f"N{day}", 10, 0, EUR)
    clock.move(hours=1)
    told, cursor = [], None
    while True:
        page = await paypal.list_entries(began, cursor)
        told.append(page.told_until)
        if (cursor := page.cursor) is None:
            break
    # PayPal does not say in which order the lines of a window come.
    assert told == [began, began, clock.now()]


def test_what_is_withheld_is_held_all_the_same():
    part = {
        "currency": "EUR",
        "total_balance": {**EUR, "value": "100.00"},
        "available_balance": {**EUR, "value": "70.00"},
        "withheld_balance": {**EUR, "value": "30.00"},
    }
    found = books.balance({"balances": [part]})
    assert (found.available, found.pending) == ({"EUR": 7000}, {"EUR": 3000})


@pytest.mark.parametrize(("name", "party"), [("money_movements", "affected_party"), ("fund_movements", "party")])
def test_a_disputes_movements_are_read_under_their_old_name_and_their_new_one(name: str, party: str):
    moved = {"type": "DEBIT", "amount": {**EUR, "value": "10.00"}, "initiated_time": "2026-11-22T12:00:00Z"}
    it = {
        "dispute_id": "PP-D-1",
        "status": "UNDER_REVIEW",
        "reason": "UNAUTHORISED",
        "dispute_amount": {**EUR, "value": "10.00"},
        name: [
            {**moved, party: "SELLER", "reason": "DISPUTE_SETTLEMENT"},
            {**moved, party: "SELLER", "reason": "DISPUTE_FEE"},
            {**moved, party: "BUYER", "reason": "DISPUTE_SETTLEMENT"},
        ],
    }
    seen = snapshots.dispute(json.loads(json.dumps(it)), payment_reference="O1")
    assert [(one.kind, one.money) for one in seen.movements] == [("withdrawn", Money(1000, "EUR"))]


async def test_what_is_pending_keeps_the_report_open_until_it_is_told_as_done(paypal, wire, clock):
    """It keeps its date when it completes: a report that was taken for read past it would never be asked again."""
    began, wire.page_size = clock.now(), 1
    wire.reported("T0006", "BY-ECHECK", 10, 0, EUR)
    line = wire.report[-1]
    line["transaction_status"] = "P"
    wire.reported("T0006", "N1", 10, 0, EUR)

    async def told() -> list[Any]:
        found, cursor = [], None
        while True:
            page = await paypal.list_entries(began - timedelta(days=3), cursor)
            found.append(page.told_until)
            if (cursor := page.cursor) is None:
                return found

    clock.move(days=6)
    assert (await told())[-1] == began
    line["transaction_status"] = "S"
    assert (await told())[-1] == clock.now()
    line["transaction_status"] = "P"
    clock.move(days=26)
    assert (await told())[-1] == clock.now(), "whatever is pending for a month is not waited for"
