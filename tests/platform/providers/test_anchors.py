"""Periods are counted from their first day."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.providers.anchors import nth

_moments = st.integers(0, 25_000).map(lambda days: datetime(2020, 1, 1, 9, 30, tzinfo=UTC) + timedelta(days=days))


def _days(anchor: datetime, interval, count: int = 1, number: int = 5) -> list[str]:
    return [nth(anchor, interval, count, n).date().isoformat() for n in range(number)]


def test_the_last_of_january_survives_february():
    assert _days(datetime(2027, 1, 31, tzinfo=UTC), "month") == [
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
        "2027-04-30",
        "2027-05-31",
    ]


def test_a_leap_day_comes_back_when_there_is_one():
    anchor = datetime(2028, 2, 29, tzinfo=UTC)
    assert _days(anchor, "year") == ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]
    assert nth(datetime(2027, 12, 31, tzinfo=UTC), "month", 2, 1).date().isoformat() == "2028-02-29"


def test_a_clock_that_is_set_forward_shortens_no_day():
    before = datetime(2027, 3, 27, 12, tzinfo=UTC)  # the night after, clocks in Europe are set forward
    assert nth(before, "day", 1, 1) - before == timedelta(hours=24)
    assert nth(before, "week", 2, 3) - before == timedelta(weeks=6)


@given(_moments, st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 12), st.integers(0, 120))
def test_each_period_begins_after_the_one_before_and_on_the_anchor_s_day_where_there_is_one(
    anchor, interval, count, number
):
    this, following = nth(anchor, interval, count, number), nth(anchor, interval, count, number + 1)
    assert this < following
    assert this.time() == anchor.time()
    if interval in {"month", "year"} and anchor.day <= 28:
        assert this.day == anchor.day


@pytest.mark.parametrize(("count", "number"), [(0, 1), (1, -1)])
def test_what_is_no_period_is_refused(count, number):
    with pytest.raises(ValueError, match="counted from 0"):
        nth(datetime(2027, 1, 1, tzinfo=UTC), "month", count, number)
