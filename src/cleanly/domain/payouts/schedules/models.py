"""When each seller is paid out. Without a row: by hand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base

_MOMENT = DateTime(timezone=True)


class PayoutScheduleRow(Base):
    """`minimums`: by currency, in minor units; below it nothing is paid out yet."""

    __tablename__ = "payout_schedules"
    __table_args__ = (
        Index("payout_schedules_next_at_idx", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        CheckConstraint("interval IN ('manual', 'daily', 'weekly', 'monthly')", name="interval"),
        CheckConstraint("(interval = 'weekly') = (weekday IS NOT NULL)", name="weekday_is_given"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("(interval = 'monthly') = (day IS NOT NULL)", name="day_is_given"),
        CheckConstraint("day BETWEEN 1 AND 31", name="day"),
    )

    seller_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    interval: Mapped[str] = mapped_column(Text)
    weekday: Mapped[int | None] = mapped_column(SmallInteger)
    day: Mapped[int | None] = mapped_column(SmallInteger)
    minimums: Mapped[dict[str, int]] = mapped_column(JSONB)
    next_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT)
