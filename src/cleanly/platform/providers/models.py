"""Every outgoing call that changes something: its key, what it asked for, how it ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)


class ProviderCallRow(Base):
    """One outgoing call. `asked_at`: when it was last made.

    `missed_at`: when a look first found nothing of it, its key being forgotten there by then.
    """

    __tablename__ = "provider_calls"
    __table_args__ = (
        Index("provider_calls_key_key", "key", unique=True),
        Index("provider_calls_attempt_key", "operation", "subject_id", "attempt", unique=True),
        Index(
            "provider_calls_open_key",
            "operation",
            "subject_id",
            unique=True,
            postgresql_where=text("state IN ('started', 'unknown')"),
        ),
        CheckConstraint("state IN ('started', 'succeeded', 'refused', 'unknown')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str] = mapped_column(Text)
    operation: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    attempt: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(Text)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    provider_object: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(_MOMENT)
    finished_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    asked_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    missed_at: Mapped[datetime | None] = mapped_column(_MOMENT)
