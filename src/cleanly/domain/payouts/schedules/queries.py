"""Read schedules as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.schedules.models import PayoutScheduleRow
from cleanly.domain.payouts.schedules.rules import Interval, Rhythm


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a seller is paid out, and from how much on, by currency."""

    rhythm: Rhythm
    minimums: Mapping[str, int] = field(default_factory=dict[str, int])
    next_at: datetime | None = None


def schedule_of(row: PayoutScheduleRow) -> Schedule:
    """The value of a row."""
    rhythm = Rhythm(cast("Interval", row.interval), row.weekday, row.day)
    return Schedule(rhythm, row.minimums, row.next_at)


async def of_seller(session: AsyncSession, seller_id: UUID) -> Schedule:
    """A seller's; by hand, if none was ever set."""
    row = await session.get(PayoutScheduleRow, seller_id)
    return Schedule(Rhythm("manual")) if row is None else schedule_of(row)
