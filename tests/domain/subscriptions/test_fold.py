"""The fold: whatever was seen before, the last look decides; nothing is said twice."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.subscriptions import rules
from cleanly.domain.subscriptions.rules import Facts
from cleanly.platform.providers.billing import SubscriptionSnapshot
from cleanly.platform.providers.purchases import SubscriptionState

NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)
GRACE = timedelta(days=7)
PRICES = (UUID(int=1), UUID(int=2))
STATES: tuple[SubscriptionState, ...] = get_args(SubscriptionState)
_days = st.integers(-40, 400).map(lambda days: NOW + timedelta(days=days))


@st.composite
def looks(draw: st.DrawFn, states: tuple[SubscriptionState, ...] = STATES) -> SubscriptionSnapshot:
    return SubscriptionSnapshot(
        provider="sandbox",
        reference="sub_1",
        our_id=None,
        state=draw(st.sampled_from(states)),
        price_id=draw(st.sampled_from(PRICES)),
        period_start=draw(st.none() | _days),
        period_end=draw(st.none() | _days),
        paid_until=draw(st.none() | _days),
        cancel_at_period_end=draw(st.booleans()),
        ended_at=draw(st.none() | _days),
        pending_price_id=draw(st.none() | st.sampled_from(PRICES)),
        grace_until=draw(st.none() | _days),
    )


ALIVE = tuple(state for state in STATES if state not in rules.ENDED)
START = Facts(state="incomplete", price_id=PRICES[0])


def _folded(seen: list[SubscriptionSnapshot]) -> Facts:
    facts = START
    for look in seen:
        facts = rules.fold(facts, look, now=NOW, grace=GRACE)
    return facts


@given(st.lists(looks(ALIVE), max_size=6), looks(), st.randoms())
def test_the_last_look_decides_in_whatever_order_the_others_came(seen, last, chance):
    shuffled = seen * 2
    chance.shuffle(shuffled)
    assert _folded([*seen, last]) == _folded([*shuffled, last]) == _folded([last])


@given(st.lists(looks(), max_size=6), looks())
def test_the_same_look_again_changes_nothing_and_says_nothing(seen, last):
    facts = _folded([*seen, last])
    again = rules.fold(facts, last, now=NOW, grace=GRACE)
    assert again == facts
    assert rules.news(facts, again, periods_paid=0) == ()


@given(looks(), st.lists(looks(), max_size=4))
def test_what_is_over_stays_over(first, later):
    ended = rules.end(rules.fold(START, first, now=NOW, grace=GRACE), "canceled", at=NOW)
    for look in later:
        assert rules.fold(ended, look, now=NOW, grace=GRACE) == ended
        bills_on = look.state not in rules.ENDED and not look.cancel_at_period_end
        assert rules.lives_after_its_end(ended, look) == bills_on


@given(looks(), looks(), st.integers(0, 2))
def test_renewed_and_a_final_failure_are_never_both_said(before, after, periods):
    first = rules.fold(START, before, now=NOW, grace=GRACE)
    second = rules.fold(first, after, now=NOW, grace=GRACE)
    told = rules.news(first, second, periods_paid=periods)
    assert len(set(told)) == len(told)
    assert not ({"renewed", "unpaid"} <= set(told))
    if "renewed" in told:
        assert periods


@given(looks())
def test_only_what_is_paid_or_within_its_grace_entitles(look):
    facts = rules.fold(START, look, now=NOW, grace=GRACE)
    until = rules.entitled_until(facts, grace=GRACE)
    if facts.state not in rules.ENTITLED or facts.paid_until is None:
        assert until is None
    else:
        assert until is not None
    if facts.state == "past_due":
        assert facts.grace_until is not None
        assert facts.grace_until > NOW


@given(looks(), st.booleans())
def test_every_live_subscription_is_looked_at_again(look, is_known):
    facts = rules.fold(START, look, now=NOW, grace=GRACE)
    at = rules.next_check(facts, created_at=NOW, is_known=is_known, now=NOW)
    assert (at is None) == (facts.state in rules.ENDED)
    assert at is None or at >= NOW + rules.CALL_TIME


def test_a_grace_that_is_over_is_unpaid_whatever_the_provider_tries():
    look = SubscriptionSnapshot(
        provider="sandbox",
        reference="sub_1",
        our_id=None,
        state="past_due",
        price_id=PRICES[0],
        paid_until=NOW - timedelta(days=7),
    )
    assert rules.fold(START, look, now=NOW - timedelta(seconds=1), grace=GRACE).state == "past_due"
    assert rules.fold(START, look, now=NOW, grace=GRACE).state == "unpaid"


def test_a_plan_is_dearer_by_the_day_and_no_shorter_to_hold_at_once():
    month, year = (900, "month", 1), (9000, "year", 1)
    assert rules.changes_now(month, (1800, "month", 1))
    assert not rules.changes_now(month, (800, "month", 1))
    assert not rules.changes_now(month, year)  # a year for ten months' money is cheaper by the day
    assert rules.changes_now(month, (12_000, "year", 1))
    assert not rules.changes_now(year, month)
