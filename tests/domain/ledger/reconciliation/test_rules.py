"""What belongs together, what stands alone, what a line costs."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.ledger.chart import DISPUTE_FEES, PROVIDER_FEES
from cleanly.domain.ledger.reconciliation import rules
from cleanly.domain.ledger.reconciliation.rules import Line

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def line(amount: int = 100, currency: str = "EUR", *, is_open: bool = True, is_due: bool = True) -> Line:
    name = uuid4()
    return Line(name, str(name), amount, currency, is_open, is_due)


lines = st.builds(
    Line,
    id=st.builds(uuid4),
    key=st.just("x"),
    amount=st.sampled_from([-100, -40, 40, 100]),
    currency=st.sampled_from(["EUR", "USD"]),
    is_open=st.just(True),
    is_due=st.booleans(),
)


@given(st.lists(lines, max_size=6), st.lists(lines, max_size=6))
def test_every_line_ends_in_one_place_and_equal_ones_are_never_called_different(theirs: list[Line], ours: list[Line]):
    verdict = rules.judge(theirs, ours)
    placed = [pair.theirs.id for pair in verdict.pairs] + [pair.ours.id for pair in verdict.pairs]
    placed += [alone.line.id for alone in verdict.alone]
    assert max(Counter(placed).values(), default=1) == 1
    waiting = {one.id for one in (*theirs, *ours)} - set(placed)
    assert all(not one.is_due for one in (*theirs, *ours) if one.id in waiting)
    equal = Counter((one.amount, one.currency) for one in theirs) & Counter((one.amount, one.currency) for one in ours)
    assert sum(pair.kind == "matched" for pair in verdict.pairs) == equal.total()
    assert all((pair.theirs.amount > 0) == (pair.ours.amount > 0) for pair in verdict.pairs)


@given(st.lists(lines, max_size=8), st.randoms())
def test_the_same_lines_on_both_sides_leave_nothing(found: list[Line], chance):
    ours = [Line(UUID(int=number), one.key, one.amount, one.currency, True, True) for number, one in enumerate(found)]
    chance.shuffle(ours)
    verdict = rules.judge(found, ours)
    assert verdict.alone == ()
    assert {pair.kind for pair in verdict.pairs} <= {"matched"}


def test_money_that_went_out_is_never_paired_with_money_that_came_in():
    verdict = rules.judge([line(100)], [line(-100)])
    assert verdict.pairs == ()
    assert [alone.kind for alone in verdict.alone] == ["missing_local", "missing_provider"]


def test_another_amount_goes_before_another_currency():
    dollars, euros = line(90, "USD"), line(90)
    verdict = rules.judge([line(100)], [dollars, euros])
    assert [(pair.kind, pair.ours) for pair in verdict.pairs] == [("amount", euros)]


@pytest.mark.parametrize("side", ["theirs", "ours"])
def test_a_copy_of_what_has_its_partner_is_a_duplicate(side: str):
    matched, copy = line(is_open=False), line()
    verdict = rules.judge([matched, copy], []) if side == "theirs" else rules.judge([], [matched, copy])
    assert [(alone.kind, alone.side, alone.line) for alone in verdict.alone] == [("duplicate", side, copy)]


def test_two_equal_lines_without_any_partner_are_missing_and_no_copies():
    verdict = rules.judge([line(), line()], [])
    assert [alone.kind for alone in verdict.alone] == ["missing_local", "missing_local"]


def test_what_is_not_due_is_not_said_yet_but_is_paired_at_once():
    young = line(is_due=False)
    assert rules.judge([young], []) == rules.Verdict((), ())
    assert [pair.kind for pair in rules.judge([young], [line(is_due=False)]).pairs] == ["matched"]


def test_our_side_is_missed_after_an_hour_whichever_clock_runs_ahead():
    hour, ahead = timedelta(hours=1), timedelta(days=9)
    assert not rules.is_missing_due(NOW, NOW, now=NOW + hour - timedelta(seconds=1))
    assert rules.is_missing_due(NOW, NOW, now=NOW + hour)
    assert rules.is_missing_due(NOW - hour, NOW, now=NOW)
    assert rules.is_missing_due(NOW + ahead, NOW, now=NOW + hour)


def test_a_charge_costs_its_fee_and_a_fee_costs_all_of_it():
    assert rules.cost("charge", gross=10_000, fee=320) == 320
    assert rules.cost("refund", gross=-10_000, fee=-320) == -320
    assert rules.cost("fee", gross=-50, fee=0) == 50
    assert rules.cost_account("charge") is PROVIDER_FEES
    assert rules.cost_account("dispute") is DISPUTE_FEES


def test_a_fee_and_a_line_of_nothing_need_no_partner():
    assert rules.needs_partner("charge", 1)
    assert not rules.needs_partner("charge", 0)
    assert not rules.needs_partner("fee", -50)


def test_the_first_import_begins_before_our_books_do_and_a_later_one_three_days_before_the_last():
    assert rules.since(None, None, now=NOW) == NOW - timedelta(days=31)
    assert rules.since(None, NOW - timedelta(days=90), now=NOW) == NOW - timedelta(days=93)
    assert rules.since(NOW, NOW - timedelta(days=90), now=NOW + timedelta(hours=1)) == NOW - timedelta(days=3)
