"""When a schedule is due next. Pure; all in UTC, so that no day has 23 hours."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

Interval = Literal["manual", "daily", "weekly", "monthly"]
HOUR: Final = 6
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`weekday`: 1 is Monday. `day`: of the month; in a month that is too short, its last."""

    interval: Interval
    weekday: int | None = None
    day: int | None = None


def next_at(rhythm: Rhythm, *, after: datetime) -> datetime | None:
    """The first moment after this one at which it is due; None: never by itself.

    Raises:
        ValueError: the rhythm lacks its day.
    """
    start = after.astimezone(UTC)
    today = start.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    match rhythm:
        case Rhythm(interval="manual"):
            return None
        case Rhythm(interval="daily"):
            return today if today > start else today + timedelta(days=1)
        case Rhythm(interval="weekly", weekday=int(weekday)):
            found = today + timedelta(days=(weekday - today.isoweekday()) % 7)
            return found if found > start else found + timedelta(days=7)
        case Rhythm(interval="monthly", day=int(day)):
            found = _in_month(today, day)
            return found if found > start else _in_month(_next_month(today), day)
        case _:
            raise ValueError(f"{rhythm.interval} needs its day")


def _in_month(moment: datetime, day: int) -> datetime:
    return moment.replace(day=min(day, calendar.monthrange(moment.year, moment.month)[1]))


def _next_month(moment: datetime) -> datetime:
    year, month = (moment.year + 1, 1) if moment.month == _MONTHS else (moment.year, moment.month + 1)
    return moment.replace(year=year, month=month, day=1)
