"""Postings on paper: netted, mirrored, and refused before anything is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.ledger import rules
from cleanly.domain.ledger.errors import InsufficientBalance, PostingRefused, ReferenceReused
from cleanly.domain.ledger.rules import Posting

ENTRIES = st.lists(st.tuples(st.integers(1, 6), st.integers(-1000, 1000)), max_size=20)


def posting(*entries, reference="payment:1:captured", kind="payment.captured", currency="EUR") -> Posting:
    return Posting(reference=reference, kind=kind, currency=currency, entries=entries)


def reason(*postings: Posting) -> str:
    with pytest.raises(PostingRefused) as caught:
        rules.prepare(postings)
    return caught.value.reason


def test_entries_on_one_account_are_netted_and_nothings_left_out():
    assert rules.net([(1, 5), (2, -3), (1, 2), (3, 0), (2, -4)]) == ((1, 7), (2, -7))
    assert rules.net([(1, 5), (1, -5)]) == ()


@given(ENTRIES)
def test_netting_keeps_every_accounts_sum(entries):
    netted = rules.net(entries)
    for account in range(1, 7):
        assert sum(amount for of, amount in netted if of == account) == sum(a for of, a in entries if of == account)
    accounts = [of for of, _ in netted]
    assert len(accounts) == len(set(accounts))
    assert all(amount for _, amount in netted)
    assert rules.net(netted) == netted


@given(ENTRIES)
def test_a_mirror_undoes_and_is_undone(entries):
    assert rules.net([*entries, *rules.mirror(entries)]) == ()
    assert rules.mirror(rules.mirror(entries)) == tuple(entries)


def test_what_balances_is_prepared_as_it_is():
    assert rules.prepare([posting((1, 5), (2, -5))]) == (((1, 5), (2, -5)),)


def test_what_does_not_balance_is_refused_before_it_is_sent():
    assert reason(posting((1, 5), (2, -4))) == "unbalanced"
    good = posting((1, 5), (2, -5))
    assert reason(good, posting((1, 5), (2, -5), (3, 1), reference="other:1")) == "unbalanced"


@pytest.mark.parametrize(
    "odd",
    [
        posting(),
        posting((1, 5), (1, -5)),
        posting((1, 0), (2, 0)),
        posting((1, 2.5), (2, -2.5)),
        posting((1, True), (2, -1)),
        posting((1, 2**63), (2, -(2**63))),
        posting((1, 5), (2, -5), reference="ab"),
        posting((1, 5), (2, -5), reference="x" * 201),
        posting((1, 5), (2, -5), kind="Payment"),
        posting((1, 5), (2, -5), kind="payment captured"),
        posting((1, 5), (2, -5), currency="eur"),
        posting((1, 5), (2, -5), currency="XTS"),
    ],
)
def test_an_odd_shape_is_refused_before_it_is_sent(odd):
    assert reason(odd) == "shape"


def test_a_call_has_its_limits():
    def many(count: int) -> list[Posting]:
        return [posting((1, 5), (2, -5), reference=f"many:{n}") for n in range(count)]

    assert len(rules.prepare(many(1000))) == 1000
    assert reason(*many(1001)) == "shape"
    assert reason() == "shape"
    assert reason(*many(2), many(1)[0]) == "shape", "a reference twice"
    wide = [(account, 1) for account in range(1, 10_000)] + [(10_000, -9999)]
    assert len(rules.prepare([posting(*wide)])[0]) == 10_000
    assert reason(posting(*wide), *many(1)) == "shape"


@pytest.mark.parametrize(
    ("state", "constraint", "expected"),
    [
        ("LG400", None, "shape"),
        ("LG403", None, "second_call"),
        ("LG422", None, "not_a_mirror"),
        ("22003", None, "overflow"),
        ("23514", "ledger_balances_closed", "closed"),
        ("23514", "ledger_entries_balanced", "unbalanced"),
        ("23503", "ledger_entries_known", "unknown_account"),
        ("23514", "ledger_entries_open", "not_open"),
        ("23505", "ledger_transactions_reversed_once", "reversed_twice"),
        ("23503", "ledger_transactions_reverses_id_fkey", "not_a_mirror"),
    ],
)
def test_the_databases_refusals_have_names(state, constraint, expected):
    found = rules.refusal(state, constraint, "what it said")
    assert isinstance(found, PostingRefused)
    assert found.reason == expected
    assert (found.status, found.code) == (500, "INTERNAL_ERROR")
    assert "what it said" in str(found)
    assert "what it said" not in found.text, "a client is told nothing of our bugs"


def test_only_the_floor_is_the_clients_affair():
    floor = rules.refusal("23514", "ledger_balances_floor", "")
    assert isinstance(floor, InsufficientBalance)
    assert (floor.status, floor.code) == (409, "INSUFFICIENT_BALANCE")
    reused = rules.refusal("LG409", None, "")
    assert isinstance(reused, ReferenceReused)
    assert reused.status == 500


@pytest.mark.parametrize("state", ["40P01", "57014", "08006", "42501", None])
def test_what_is_not_the_ledgers_is_left_alone(state):
    assert rules.refusal(state, None, "") is None
