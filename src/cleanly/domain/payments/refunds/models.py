"""Refunds. The shares it took are kept, so that a failure gives back exactly those."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)


class RefundRow(Base):
    """One refund. `is_booked`: the ledger holds it (accepted by the provider, and not failed since)."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("refunds_provider_refund_key", "provider", "provider_account", "provider_refund_id", unique=True),
        Index("refunds_payment_id_idx", "payment_id"),
        Index("refunds_check_at_idx", "check_at", postgresql_where=text("check_at IS NOT NULL")),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('created', 'pending', 'succeeded', 'failed', 'unknown')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    provider_refund_id: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    seller_part: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    fee_part: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    tax_part: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    from_pending: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    is_booked: Mapped[bool] = mapped_column(server_default=text("false"))
    reason: Mapped[str | None] = mapped_column(Text)
    failure_code: Mapped[str | None] = mapped_column(Text)
    asked_by: Mapped[UUID | None]
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    check_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    checks: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT)
