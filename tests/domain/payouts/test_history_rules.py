"""How a history is asked for: media types, moments, months, and the time in an id."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.ledger import moments
from cleanly.domain.payouts.history import rules
from cleanly.kernel.ids import new_id


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("text/csv", True),
        ("TEXT/CSV; charset=utf-8", True),
        ("text/*", True),
        ("application/json", False),
        ("text/csv, application/json", False),
        ("text/csv, application/json;q=0.9", True),
        ("text/csv;q=0.5, application/json;q=0.9", False),
        ("text/csv, */*;q=0.1", True),
        ("text/csv;q=0", False),
        ("text/csv;q=nonsense", False),
        ("text/csv;q=0.0001", False),
        ("text/html, application/xhtml+xml, */*;q=0.8", False),
    ],
)
def test_csv_is_sent_to_who_prefers_it(accept: str | None, is_csv: bool):
    assert rules.wants_csv(accept) is is_csv


def test_a_moment_is_an_instant_or_a_dates_beginning():
    assert rules.moment("2026-11-22") == datetime(2026, 11, 22, tzinfo=UTC)
    assert rules.moment("2026-11-22T12:00:00+02:00") == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert rules.moment("2026-11-22T12:00:00.5Z").microsecond == 500_000
    for text in ("2026-11-22T12:00:00", "2026-13-01", "1700000000", "now", ""):
        with pytest.raises(ValueError):
            rules.moment(text)


def test_a_month_is_a_year_and_a_number():
    assert rules.month("2026-11") == (2026, 11)
    for text in ("2026-00", "2026-13", "26-1", "2026-1", "9999-12", "0000-01", "2026-11-01"):
        with pytest.raises(ValueError):
            rules.month(text)


@given(st.integers(1971, 9998), st.integers(1, 12))
def test_months_follow_each_other_without_a_gap(year: int, number: int):
    since, until = moments.month(year, number)
    following = moments.month(*((year, number + 1) if number < 12 else (year + 1, 1)))
    assert until == following[0]
    assert timedelta(days=28) <= until - since <= timedelta(days=31)
    assert (until - since).days == 29 or number != 2 or year % 4 or (year % 100 == 0 and year % 400)


@given(st.integers(0, 220_000_000_000_000_000), st.integers(0, 2**74 - 1))
def test_an_ids_moment_is_on_the_right_side_of_every_boundary(microseconds: int, chance: int):
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    milliseconds = microseconds // 1000
    made = UUID(int=milliseconds << 80 | 0x7 << 76 | chance >> 62 << 64 | 0x2 << 62 | chance % 2**62)
    told = moments.moment_of(made)
    assert timedelta() <= when - told < timedelta(milliseconds=1)
    assert made >= moments.first_id(told)
    assert made < moments.first_id(told + timedelta(milliseconds=1))
    assert (made >= moments.first_id(when)) is (told >= when)
    assert moments.FIRST < made < moments.BEYOND


def test_our_ids_tell_the_present():
    before = datetime.now(UTC)
    assert abs(moments.moment_of(new_id()) - before) < timedelta(seconds=5)
