"""Disputes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)


class DisputeRow(Base):
    """One dispute. `money`: where the disputed amount is by our books."""

    __tablename__ = "disputes"
    __table_args__ = (
        Index("disputes_provider_dispute_key", "provider", "provider_account", "provider_dispute_id", unique=True),
        Index("disputes_payment_id_idx", "payment_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('needs_response', 'under_review', 'won', 'lost', 'closed')", name="state"),
        CheckConstraint("money IN ('untouched', 'withdrawn', 'reinstated', 'lost')", name="money"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    provider_dispute_id: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    money: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    seller_part: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    fee_part: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    tax_part: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    from_pending: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    evidence_due_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT)
