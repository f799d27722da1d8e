"""When a transaction happened: the instant in its id (UUID version 7, RFC 9562). Pure.

One key orders a history, cuts it into pages and into months, so a filter by time is a range of the index that the
history is read by, and a statement needs no second opinion of the time.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_BITS_BELOW: Final = 80
_MILLISECONDS_MAX: Final = 2**48 - 1

FIRST: Final = UUID(int=0)
BEYOND: Final = UUID(int=2**128 - 1)
"""Below every id of ours, and above."""


def moment_of(transaction_id: UUID) -> datetime:
    """The instant, to the millisecond, in UTC."""
    return _EPOCH + _MILLISECOND * (transaction_id.int >> _BITS_BELOW)


def first_id(moment: datetime) -> UUID:
    """The lowest id of this instant. An id that is not below it is of this instant or later."""
    # Rounded up: what happened in the millisecond before belongs to the time before.
    milliseconds = -((_EPOCH - moment) // _MILLISECOND)
    return UUID(int=min(max(milliseconds, 0), _MILLISECONDS_MAX) << _BITS_BELOW)


def month(year: int, number: int) -> tuple[datetime, datetime]:
    """A month's first instant and the next month's, in UTC.

    Raises:
        ValueError: no such month, or its end is past the calendar's.
    """
    starts_at = datetime(year, number, 1, tzinfo=UTC)
    following = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return starts_at, following
