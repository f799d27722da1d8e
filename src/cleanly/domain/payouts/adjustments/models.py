"""The table of adjustments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)


class AdjustmentRow(Base):
    """One adjustment. `decided_by`: who let it happen, or refused it; None for one that needed nobody else."""

    __tablename__ = "balance_adjustments"
    __table_args__ = (
        Index("balance_adjustments_pending_idx", "id", postgresql_where=text("state = 'pending'")),
        Index("balance_adjustments_seller_id_idx", "seller_id", "id"),
        Index("balance_adjustments_asked_by_idx", "asked_by", "created_at"),
        CheckConstraint("kind IN ('credit', 'debit', 'write_off')", name="kind"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('pending', 'posted', 'refused')", name="state"),
        CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="decided"),
        # The promise of four eyes stands in the database, whatever the code does.
        CheckConstraint("state <> 'posted' OR NOT needs_second OR decided_by <> asked_by", name="four_eyes"),
        CheckConstraint("state <> 'posted' OR NOT needs_second OR decided_by IS NOT NULL", name="second_is_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    needs_second: Mapped[bool]
    asked_by: Mapped[UUID]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
