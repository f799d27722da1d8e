"""When it is tried again, what an answer means, when an endpoint is given up."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.webhooks.outbound.dispatch import rules
from cleanly.platform.webhooks.outbound.dispatch.rules import SCHEDULE, Health
from cleanly.platform.webhooks.outbound.rules import Told, body_of, order_key, patterns_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
JITTERS = st.floats(-1, 1)
TRIES = st.integers(1, len(SCHEDULE) - 1)
WAITS = st.timedeltas(timedelta(), timedelta(days=10))


def test_the_schedule_is_the_published_one():
    hours = [wait.total_seconds() / 3600 for wait in SCHEDULE]
    assert hours[0] == 0
    assert [round(hour * 3600) for hour in hours[1:4]] == [5, 300, 1800]
    assert hours[4:] == [2, 5, 10, 14, 20, 24]


@given(TRIES, JITTERS)
def test_a_wait_is_that_of_the_schedule_give_or_take_a_fifth(tries, jitter):
    delay = rules.retry_delay(tries, jitter=jitter)
    assert 0.8 * SCHEDULE[tries] <= delay <= 1.2 * SCHEDULE[tries]


@given(st.integers(len(SCHEDULE), 100), JITTERS, st.none() | WAITS, st.booleans())
def test_after_the_tenth_try_there_is_none(tries, jitter, retry_after, patient):
    assert rules.retry_delay(tries, jitter=jitter, retry_after=retry_after, patient=patient) is None


@given(TRIES, JITTERS, WAITS)
def test_what_the_receiver_asks_for_is_honoured_between_the_wait_and_twice_that(tries, jitter, asked):
    base = SCHEDULE[tries]
    delay = rules.retry_delay(tries, jitter=jitter, retry_after=asked)
    assert base <= delay <= 2 * base
    if base <= asked <= 2 * base:
        assert delay == asked


@given(TRIES, JITTERS, st.none() | WAITS)
def test_a_busy_or_silent_receiver_has_a_minute_at_least(tries, jitter, asked):
    assert rules.retry_delay(tries, jitter=jitter, retry_after=asked, patient=True) >= timedelta(seconds=60)


@given(TRIES, JITTERS, JITTERS)
def test_more_jitter_is_never_a_shorter_wait(tries, one, other):
    low, high = sorted((one, other))
    assert rules.retry_delay(tries, jitter=low) <= rules.retry_delay(tries, jitter=high)


@pytest.mark.parametrize(("status", "is_success"), [(199, False), (200, True), (204, True), (299, True), (300, False)])
def test_2xx_alone_is_success(status, is_success):
    assert rules.is_success(status) is is_success


def test_patience_is_for_429_and_for_silence():
    assert rules.wants_patience("refused", 429)
    assert rules.wants_patience("timeout", None)
    assert not rules.wants_patience("refused", 503)
    assert not rules.wants_patience("unreachable", None)


@given(st.integers(0, 9_999_999))
def test_retry_after_is_read_in_seconds(seconds):
    assert rules.retry_after_of(f" {seconds} ", now=NOW) == min(timedelta(seconds=seconds), timedelta(days=3))


@given(st.integers(1, 200_000))
def test_retry_after_is_read_as_a_date(seconds):
    at = NOW + timedelta(seconds=seconds)
    assert rules.retry_after_of(format_datetime(at, usegmt=True), now=NOW) == timedelta(seconds=seconds)


@given(st.text(max_size=60))
def test_nonsense_in_retry_after_is_no_wait_and_no_fault(text):
    wait = rules.retry_after_of(text, now=NOW)
    assert wait is None or timedelta() <= wait <= timedelta(days=3)


def test_a_date_in_the_past_is_no_wait():
    assert rules.retry_after_of(format_datetime(NOW - timedelta(hours=1), usegmt=True), now=NOW) is None


@given(st.dictionaries(st.text(max_size=200), st.text(max_size=2000), max_size=100))
def test_kept_headers_are_bounded_and_storable(headers):
    kept = rules.headers_to_keep(headers)
    assert len(kept) <= rules.HEADERS_MAX
    assert all(len(value) <= rules.HEADER_LENGTH_MAX and "\0" not in value for value in kept.values())
    "".join((*kept, *kept.values())).encode()  # and no half surrogate


def test_cookies_are_not_kept():
    assert rules.headers_to_keep({"set-cookie": "a=b", "server": "x"}) == {"server": "x"}


def _verdict(*, since: timedelta, failures: int, told: Told = Told.NOTHING, tries: int = 1) -> Told:
    return rules.verdict(Health(NOW - since, failures, told), failed_tries=tries, now=NOW)


def test_the_owner_hears_of_the_fourth_failed_try_of_a_day_and_of_the_end():
    assert _verdict(since=timedelta(minutes=30), failures=3, tries=3) is Told.NOTHING
    assert _verdict(since=timedelta(minutes=40), failures=4, tries=4) is Told.FAILING
    assert _verdict(since=timedelta(hours=24), failures=5, tries=1) is Told.STILL_FAILING
    assert _verdict(since=timedelta(days=5), failures=20) is Told.DISABLED


def test_many_failures_of_one_minute_are_not_the_fourth_try_of_a_message():
    assert _verdict(since=timedelta(minutes=1), failures=1000, tries=1) is Told.NOTHING


def test_few_failures_end_nothing_however_old():
    assert _verdict(since=timedelta(days=40), failures=19) is Told.STILL_FAILING


@given(
    st.timedeltas(timedelta(), timedelta(days=30)),
    st.integers(1, 100),
    st.sampled_from(Told),
    st.integers(1, 10),
)
def test_what_was_told_is_never_taken_back(since, failures, told, tries):
    assert _verdict(since=since, failures=failures, told=told, tries=tries) >= min(told, Told.STILL_FAILING)


def test_a_message_is_wanted_by_its_name_and_by_its_objects():
    assert patterns_of("payment.late_capture") == ["payment.late_capture", "payment.*"]


def test_a_message_is_about_its_object():
    assert order_key("payment.failed", {"paymentId": "p1", "refundId": "r1"}) == "payment:p1"
    assert order_key("refund.failed", {"paymentId": "p1", "refundId": "r1"}) == "refund:r1"
    assert order_key("payout_account.changed", {"payoutAccountId": "a"}) == "payout_account:a"
    assert order_key("seller_account.updated", {"payoutAccountId": "a", "provider": "p"}) == "seller_account:a"
    assert order_key("payment.failed", {}) == "payment"
    assert order_key("thing.done", {"oneId": "a", "otherId": "b"}) == "thing", "whichever comes first is no choice"


def test_a_body_is_thin_json():
    assert body_of("a.b", NOW, '{"x": 1}') == b'{"type":"a.b","timestamp":"2026-11-22T12:00:00.000Z","data":{"x": 1}}'
