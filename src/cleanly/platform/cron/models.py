"""The ticks that somebody has taken."""

from datetime import datetime

from sqlalchemy import DateTime, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base


class CronTick(Base):
    """One schedule at one minute: whoever inserts it does the work."""

    __tablename__ = "cron_ticks"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
