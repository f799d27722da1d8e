"""The judgement of snapshots, the split of money, and the lines that follow: pure, so for all values."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from cleanly.domain.ledger.service import chart
from cleanly.domain.payments import postings, rules
from cleanly.domain.payments.rules import Capture, Known, Mismatch, Move, Shares, State
from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol import PaymentSnapshot, PaymentState

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SELLER = UUID(int=7)
amounts = some.integers(min_value=1, max_value=10**12)
sellers = some.sampled_from([None, SELLER])


def seen(state: PaymentState, amount: int, captured: int = 0, currency: str = "EUR") -> PaymentSnapshot:
    return PaymentSnapshot(
        provider="sandbox", reference="py_1", our_id=None, state=state, money=Money(amount, currency), captured=captured
    )


snapshots = some.builds(
    seen,
    some.sampled_from(get_args(PaymentState)),
    some.integers(99, 101),
    some.integers(0, 102),
    some.sampled_from(["EUR", "USD"]),
)
states = some.sampled_from(get_args(State))


@given(states, some.integers(0, 100), snapshots)
def test_judging_is_total_and_books_only_what_fits(state: State, captured: int, snapshot: PaymentSnapshot):
    verdict = rules.judge(Known(state, Money(100, "EUR"), captured), snapshot)
    fits = snapshot.money == Money(100, "EUR") and snapshot.captured <= 100
    assert fits or isinstance(verdict, Mismatch)
    if isinstance(verdict, Capture):
        assert state != "captured"
        assert snapshot.state == "captured"
        assert 0 < verdict.amount == snapshot.captured <= 100
        assert verdict.is_late == (state in {"failed", "canceled"})
    if isinstance(verdict, Move):
        assert state not in {"captured", "failed", "canceled"}
        assert verdict.state != "captured"


@given(states, snapshots)
def test_what_was_booked_is_not_booked_again_by_the_same_snapshot(state: State, snapshot: PaymentSnapshot):
    verdict = rules.judge(Known(state, Money(100, "EUR"), 0), snapshot)
    if isinstance(verdict, Capture):
        again = rules.judge(Known("captured", Money(100, "EUR"), verdict.amount), snapshot)
        assert isinstance(again, rules.Same)


@given(amounts, some.integers(0, 10_000), some.integers(0, 10**6), some.data())
def test_a_sale_is_split_without_a_cent_lost(amount: int, points: int, fixed: int, data: some.DataObject):
    tax = data.draw(some.integers(0, amount))
    shares = rules.split_sale(Money(amount, "EUR"), tax=tax, fee_basis_points=points, fee_fixed=fixed)
    assert shares.total == amount
    assert min(shares.seller, shares.fee, shares.tax) >= 0
    assert shares.tax == tax
    assert shares.fee >= min(amount - tax, fixed)


@given(some.tuples(some.integers(0, 10**6), some.integers(0, 10**6), some.integers(0, 10**6)), some.data())
def test_parts_never_take_more_than_a_share_and_the_last_takes_the_rest(
    given_shares: tuple[int, int, int], data: some.DataObject
):
    left = Shares(*given_shares)
    for _ in range(20):
        if left.total == 0:
            break
        part = rules.take_part(left, data.draw(some.integers(1, left.total)), "EUR")
        left -= part
        assert min(part.seller, part.fee, part.tax, left.seller, left.fee, left.tax) >= 0
    if left.total:
        assert left - rules.take_part(left, left.total, "EUR") == Shares(0, 0, 0)
    assert rules.take_at_most(left, left.total + 5, "EUR") == left


@given(amounts, amounts, some.integers(-5, 10**6), some.integers(-5, 10**6))
def test_a_seller_gives_from_its_own_hold_first_and_owes_last(part: int, hold: int, available: int, reserve: int):
    taken = rules.taken_from_seller(part, hold_left=hold, available=available, reserve=reserve)
    assert taken.pending + taken.available + taken.reserve + taken.receivable == part
    assert taken.pending == min(part, hold)
    assert 0 <= taken.available <= max(0, available)
    assert 0 <= taken.reserve <= max(0, reserve)
    if taken.receivable:
        assert (taken.available, taken.reserve) == (max(0, available), max(0, reserve))


@given(amounts, some.integers(0, 10**12))
def test_what_comes_back_pays_the_debt_first(part: int, owed: int):
    paid, free = rules.given_to_seller(part, owed=owed)
    assert paid + free == part
    assert paid == min(part, owed)


shares_of = some.builds(Shares, some.integers(0, 10**6), some.integers(0, 10**6), some.integers(0, 10**6))


@given(shares_of, sellers, some.integers(0, 10**6), some.integers(0, 10**6))
def test_every_posting_is_balanced(shares: Shares, seller: UUID | None, extra: int, hold: int):
    part = rules.taken_from_seller(shares.seller, hold_left=hold, available=0, reserve=0)
    owed, free = rules.given_to_seller(shares.seller, owed=extra)
    amount = shares.total + extra
    lines = [
        postings.captured(provider="stripe", seller=seller, shares=shares, country="zz"),
        postings.refunded(provider="stripe", seller=seller, shares=shares, part=part, uncovered=extra, country="zz"),
        postings.refund_failed(
            provider="stripe", seller=seller, shares=shares, uncovered=extra, owed=owed, free=free, country="zz"
        ),
        postings.dispute_withdrawn(provider="stripe", amount=amount),
        postings.dispute_held(seller=SELLER, part=part),
        postings.dispute_reinstated(provider="stripe", amount=amount),
        postings.dispute_unheld(seller=SELLER, owed=owed, free=free),
        postings.dispute_lost(seller=seller, seller_part=shares.seller, amount=amount),
        postings.dispute_overturned(
            provider="stripe", seller=seller, seller_part=shares.seller, owed=owed, free=free, amount=amount
        ),
    ]
    for one in lines:
        assert sum(one.values()) == 0
        assert 0 not in one.values()
        assert all((owner is None) == (account not in chart.SELLER) for owner, account in one)


@given(states, some.integers(0, 30), some.integers(0, 10**6))
def test_nothing_that_waits_is_forgotten_and_nothing_that_is_over_is_looked_at(state: State, checks: int, age: int):
    due = rules.next_check(state, checks, now=NOW, created_at=NOW - timedelta(seconds=age), authorized_until=None)
    if state in {"captured", "failed", "canceled"}:
        assert due is None
    elif state == "unknown":
        assert (due is None) == (checks >= 8)
    else:
        assert due is not None
        assert due > NOW


@given(some.sampled_from(rules.OPERATIONS), some.sampled_from(get_args(PaymentState)))
def test_a_look_answers_a_call_only_by_what_it_shows(operation: rules.Operation, state: PaymentState):
    answer = rules.answered(operation, state)
    if state in {"captured", "canceled", "failed"}:
        assert answer is not None  # nothing can still come of it
    if answer == "succeeded" and operation == "capture":
        assert state in {"captured", "processing"}
    if answer == "succeeded" and operation in {"cancel", "give_back"}:
        assert state == "canceled"


@given(some.integers(0, 6 * 86_400))
def test_a_call_is_made_again_ever_later_and_at_last_left_to_a_person(age: int):
    asked_at = NOW + timedelta(seconds=age)
    due = rules.next_try(NOW, asked_at=asked_at)
    if due is None:
        assert age >= 5 * 86_400
        return
    assert asked_at < due <= asked_at + timedelta(days=1)
    assert rules.next_try(NOW, asked_at=NOW) == NOW + timedelta(minutes=1)
