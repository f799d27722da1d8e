"""When a schedule is due: 31 January anchors, leap days, no hour lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.payouts.schedules.rules import HOUR, Rhythm, next_at


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(rhythm: Rhythm, start: str, count: int) -> list[str]:
    found, moment = [], at(start)
    for _ in range(count):
        after = next_at(rhythm, after=moment)
        assert after is not None
        found.append(after.date().isoformat())
        moment = after
    return found


def test_the_last_day_survives_short_months():
    assert days(Rhythm("monthly", day=31), "2027-01-31T05:59", 5) == [
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
        "2027-04-30",
        "2027-05-31",
    ]
    assert days(Rhythm("monthly", day=30), "2028-01-30T06:00", 3) == ["2028-02-29", "2028-03-30", "2028-04-30"]
    assert days(Rhythm("monthly", day=29), "2027-01-29T06:00", 2) == ["2027-02-28", "2027-03-29"]
    assert days(Rhythm("monthly", day=1), "2026-12-01T06:00", 1) == ["2027-01-01"]


def test_a_week_has_its_day_and_a_day_its_hour():
    assert days(Rhythm("weekly", weekday=1), "2026-11-22T12:00", 2) == ["2026-11-23", "2026-11-30"]
    assert days(Rhythm("weekly", weekday=7), "2026-11-22T06:00", 1) == ["2026-11-29"]
    assert days(Rhythm("weekly", weekday=7), "2026-11-22T05:00", 1) == ["2026-11-22"]
    assert days(Rhythm("daily"), "2026-03-28T06:00", 3) == ["2026-03-29", "2026-03-30", "2026-03-31"]
    assert next_at(Rhythm("manual"), after=at("2026-11-22T00:00")) is None


@pytest.mark.parametrize("rhythm", [Rhythm("weekly"), Rhythm("monthly")])
def test_a_rhythm_without_its_day_is_a_fault(rhythm: Rhythm):
    with pytest.raises(ValueError, match="needs its day"):
        next_at(rhythm, after=at("2026-11-22T00:00"))


RHYTHMS = st.one_of(
    st.just(Rhythm("daily")),
    st.integers(1, 7).map(lambda weekday: Rhythm("weekly", weekday=weekday)),
    st.integers(1, 31).map(lambda day: Rhythm("monthly", day=day)),
)


@given(RHYTHMS, st.integers(946_684_800, 4_102_444_800).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_it_is_always_later_never_a_whole_period_away_and_at_its_hour(rhythm: Rhythm, after: datetime):
    found = next_at(rhythm, after=after)
    assert found is not None
    longest = {"daily": 1, "weekly": 7, "monthly": 31}[rhythm.interval]
    assert after < found <= after + timedelta(days=longest)
    assert (found.hour, found.minute, found.second, found.microsecond) == (HOUR, 0, 0, 0)
