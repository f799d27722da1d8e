"""What a look at a payout means: total, in the right order, never on doubt."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.payouts.sending import rules
from cleanly.domain.payouts.sending.rules import Go, Known, Mismatch, Past, Seen, SeenPayout, SeenTransfer
from cleanly.kernel.money import Money

MONEY = Money(6_000, "EUR")
THEIRS = get_args(rules.TheirState)
KNOWN = [
    Known(state, MONEY, is_two_step, is_sent, is_paid, ending)
    for state, is_two_step, is_sent, is_paid, ending in product(
        rules.STATES, (True, False), (True, False), (True, False), (None, *rules.ENDINGS)
    )
    if is_sent or not is_paid
]
TRANSFERS = [None, SeenTransfer(MONEY, is_reversed=False), SeenTransfer(MONEY, is_reversed=True)]
PAYOUTS = [None, *(SeenPayout(MONEY, state, "why") for state in THEIRS)]
SENDING = Known("sending", MONEY, is_two_step=True)


def test_every_state_meets_every_look():
    for known, transfer, payout in product(KNOWN, TRANSFERS, PAYOUTS):
        verdict = rules.judge(known, Seen(transfer, payout))
        if isinstance(verdict, Mismatch):
            continue
        assert "sent" not in verdict.steps or not known.is_sent
        assert "paid" not in verdict.steps or not known.is_paid
        if known.state in rules.OURS | rules.OVER:
            assert (verdict.state, verdict.steps, verdict.call) == (known.state, (), None)
        if "back" in verdict.steps:
            assert verdict.state in rules.OVER
            assert verdict.ending == verdict.state
            # Nothing comes back to the seller while the provider may still have it on its way.
            assert not known.is_two_step or transfer is None or transfer.is_reversed
            assert payout is None or payout.state in rules.ENDINGS
        if verdict.call == "payout" and known.is_two_step:
            assert transfer is not None
            assert not transfer.is_reversed
            assert payout is None
        if verdict.call == "transfer":
            assert transfer is None
            assert not known.is_sent


def test_another_amount_is_nobodys_to_judge():
    for known in KNOWN:
        other = Money(6_001, "EUR")
        assert isinstance(rules.judge(known, Seen(SeenTransfer(other, is_reversed=False))), Mismatch)
        assert isinstance(rules.judge(known, Seen(payout=SeenPayout(other, "paid"))), Mismatch)


def test_what_was_asked_without_an_answer_is_asked_again_and_not_given_up():
    doubted = Known("unknown", MONEY, is_two_step=True)
    assert rules.judge(doubted, Seen()) == Go("unknown", call="transfer")
    assert rules.judge(Known("unknown", MONEY, is_two_step=False), Seen()) == Go("unknown", call="payout")


def test_a_payout_fails_only_after_its_transfer_came_back():
    there = SeenTransfer(MONEY, is_reversed=False)
    failed = SeenPayout(MONEY, "failed", "account_closed")
    known = Known("paid", MONEY, is_two_step=True, is_sent=True, is_paid=True)
    assert rules.judge(known, Seen(there, failed)) == Go("paid", (), "reverse_transfer", "failed", "account_closed")
    back = SeenTransfer(MONEY, is_reversed=True)
    assert rules.judge(known, Seen(back, failed)) == Go("failed", ("back",), None, "failed", "account_closed")


def test_money_that_is_out_after_the_end_rings():
    for state in rules.OVER:
        known = Known(state, MONEY, is_two_step=False)
        assert isinstance(rules.judge(known, Seen(payout=SeenPayout(MONEY, "paid"))), Mismatch)
        assert rules.judge(known, Seen(payout=SeenPayout(MONEY, "failed"))) == Go(state)


LIMITS = rules.Limits(
    amount=10_000,
    requests_a_day=3,
    dispute_basis_points=100,
    sales_min=20,
    cooling=timedelta(hours=72),
    first_is_reviewed=True,
)
PLAIN = Past(was_paid_there=True, since_change=None, requested_lately=0, owes=0, sales=100, disputes=1)


@pytest.mark.parametrize(
    ("past", "amount", "reason"),
    [
        (PLAIN, 10_000, None),
        (Past(False, None, 0, 0, 100, 1), 100, "first_payout"),
        (Past(True, timedelta(hours=71), 0, 0, 0, 0), 100, "destination_changed"),
        (Past(True, timedelta(hours=72), 0, 0, 0, 0), 100, None),
        (Past(True, None, 2, 0, 0, 0), 100, None),
        (Past(True, None, 3, 0, 0, 0), 100, "velocity"),
        (PLAIN, 10_001, "amount"),
        (Past(True, None, 0, 1, 0, 0), 100, "open_receivable"),
        (Past(True, None, 0, 0, 19, 19), 100, None),
        (Past(True, None, 0, 0, 100, 2), 100, "dispute_rate"),
    ],
)
def test_why_a_payout_is_held(past: Past, amount: int, reason: str | None):
    assert rules.reasons(past, amount, LIMITS) == (() if reason is None else (reason,))


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=71)))
def test_only_a_hold_that_cools_ends_by_itself(since: timedelta):
    now = datetime(2026, 11, 22, tzinfo=UTC)
    cooling = timedelta(hours=72)
    ends = rules.cools_until(["destination_changed"], since_change=since, cooling=cooling, now=now)
    assert ends == now - since + cooling
    both = ["destination_changed", "amount"]
    assert rules.cools_until(both, since_change=since, cooling=cooling, now=now) is None
