"""What a provider's word means: every state of ours with every state of theirs."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.payouts.accounts import rules
from cleanly.domain.payouts.accounts.rules import Known
from cleanly.platform.providers.protocol_sellers import AccountSnapshot, Destination
from tests.moved_clock import MovedClock

NOW = MovedClock().now()
known = st.builds(
    Known,
    was_enabled=st.booleans(),
    fingerprint=st.sampled_from([None, "a", "b"]),
    changed_at=st.sampled_from([None, NOW - timedelta(days=1)]),
    is_sellers_first=st.booleans(),
)
destinations = st.sampled_from([None, Destination(last4="1", fingerprint="a"), Destination(last4="2", fingerprint="b")])
snapshots = st.builds(
    AccountSnapshot,
    provider=st.just("stripe"),
    reference=st.just("acct_1"),
    our_id=st.none(),
    state=st.sampled_from(["pending", "active", "restricted", "closed"]),
    charges_enabled=st.booleans(),
    payouts_enabled=st.booleans(),
    destination=destinations,
)


@given(known, snapshots)
def test_only_what_can_be_paid_is_enabled_and_what_was_enabled_is_never_pending(before, seen):
    state = rules.judge(before, seen)
    assert (state == "enabled") == (seen.state == "active" and seen.payouts_enabled)
    assert (state == "disabled") == (seen.state == "closed")
    assert not (before.was_enabled and state == "pending")


@given(known, destinations)
def test_a_change_is_dated_now_unless_it_is_the_sellers_very_first(before, destination):
    at = rules.changed_at(before, destination, now=NOW)
    if not rules.is_changed(before, destination):
        assert at == before.changed_at
    elif before.fingerprint is not None or not before.is_sellers_first:
        assert at == NOW
    else:
        assert at is None


@pytest.mark.parametrize(
    ("text", "payee"),
    [
        ("Ada@Example.com", "ada@example.com"),
        (" 7LFGYMXBEUNHG ", "7LFGYMXBEUNHG"),
        ("7lfgymxbeunhg", None),
        ("ada@example.com\n", "ada@example.com"),
        ("ada@exa mple.com", None),
        ("ädä@example.com", None),
        ("", None),
    ],
)
def test_a_payee_is_an_address_or_a_merchants_id(text, payee):
    assert rules.payee_of(text) == payee
