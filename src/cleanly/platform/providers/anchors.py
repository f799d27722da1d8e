"""When the periods of a subscription begin: counted from its first day, so that a short month moves no later one. Pure.

All in UTC, where every day has 24 hours: no clock that is set forward or back shortens a period.
"""

import calendar
from datetime import datetime, timedelta
from typing import Literal, assert_never

Interval = Literal["day", "week", "month", "year"]


def nth(anchor: datetime, interval: Interval, interval_count: int, number: int) -> datetime:
    """When period `number` begins; 0 is the anchor itself. 31 January is followed by 28 February and 31 March.

    Raises:
        ValueError: a negative number, or no interval.
    """
    if number < 0 or interval_count < 1:
        raise ValueError("periods are counted from 0, and each lasts at least one interval")
    steps = interval_count * number
    match interval:
        case "day":
            return anchor + timedelta(days=steps)
        case "week":
            return anchor + timedelta(weeks=steps)
        case "month":
            return _months_later(anchor, steps)
        case "year":
            return _months_later(anchor, 12 * steps)
        case _:
            assert_never(interval)


def _months_later(anchor: datetime, months: int) -> datetime:
    years, month = divmod(anchor.month - 1 + months, 12)
    year, month = anchor.year + years, month + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))
