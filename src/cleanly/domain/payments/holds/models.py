"""What was agreed with a seller on holds. The holds themselves stand beside the payments they belong to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base


class HoldTermsRow(Base):
    """One seller's own terms; null: the platform's usual ones."""

    __tablename__ = "hold_terms"
    __table_args__ = (
        CheckConstraint("hold_days BETWEEN 0 AND 90", name="hold_days"),
        CheckConstraint("reserve_basis_points BETWEEN 0 AND 10000", name="reserve_basis_points"),
    )

    seller_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    hold_days: Mapped[int | None] = mapped_column(Integer)
    reserve_basis_points: Mapped[int | None] = mapped_column(Integer)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
