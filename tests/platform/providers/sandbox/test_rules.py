"""The pure decisions, for every input."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.providers.sandbox.rules import (
    NEWS_HELD,
    PUSHES_MAX,
    Fate,
    fate_of,
    fee_of,
    push_again_at,
    push_at,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@given(st.integers(0, 10**15))
def test_the_last_two_digits_choose_the_fate(amount):
    digits = amount % 100
    assert fate_of(amount) == (digits if digits in set(Fate) else Fate.PLAIN)


@pytest.mark.parametrize(("amount", "fee"), [(10000, 320), (1, 1), (30, 30), (31, 30), (100, 32), (1000, 59)])
def test_a_charge_costs_its_share_and_a_fixed_part(amount, fee):
    assert fee_of(amount) == fee


@given(st.integers(0, 10**15))
def test_a_fee_is_never_more_than_the_charge(amount):
    assert 0 <= fee_of(amount) <= amount


@given(st.sampled_from(Fate), st.sampled_from(["payment", "refund", "dispute"]), st.integers(0, 500))
def test_news_is_never_pushed_before_it_is_news(fate, kind, earlier):
    at = push_at(fate, kind, earlier=earlier, now=NOW)
    assert (at is None) == (fate is Fate.EVENTS_LOST)
    assert at is None or NOW <= at <= NOW + NEWS_HELD


@given(st.integers(0, 58))
def test_reversed_news_goes_out_before_what_came_before_it(earlier):
    first = push_at(Fate.EVENTS_REVERSED, "payment", earlier=earlier, now=NOW)
    second = push_at(Fate.EVENTS_REVERSED, "payment", earlier=earlier + 1, now=NOW)
    assert first is not None
    assert second is not None
    assert second < first


def test_the_pause_between_tries_grows_to_an_hour():
    waits = [push_again_at(tries, now=NOW) for tries in range(1, PUSHES_MAX)]
    minutes = [(at - NOW) / timedelta(minutes=1) for at in waits if at is not None]
    assert minutes == [1, 2, 4, 8, 16, 32] + [60] * (PUSHES_MAX - 7)
    assert push_again_at(PUSHES_MAX, now=NOW) is None
