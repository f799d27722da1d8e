"""Payments, the buyers' customer ids, and the holds on sellers' money."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)


class PaymentRow(Base):
    """One purchase. `*_left`: what is left of each share after refunds and disputes."""

    __tablename__ = "payments"
    __table_args__ = (
        Index("payments_provider_payment_key", "provider", "provider_account", "provider_payment_id", unique=True),
        Index("payments_provider_charge_id_idx", "provider_charge_id"),
        Index("payments_buyer_id_id_idx", "buyer_id", "id"),
        Index("payments_seller_id_id_idx", "seller_id", "id"),
        Index("payments_check_at_idx", "check_at", postgresql_where=text("check_at IS NOT NULL")),
        CheckConstraint("seller_amount + fee_amount + tax_amount = amount", name="shares"),
        CheckConstraint("captured_amount BETWEEN 0 AND amount", name="captured"),
        CheckConstraint(
            "refunding_amount >= 0 AND refunded_amount >= 0 AND refunding_amount + refunded_amount <= captured_amount",
            name="refunded",
        ),
        CheckConstraint("seller_left >= 0 AND fee_left >= 0 AND tax_left >= 0", name="left"),
        CheckConstraint("amount > 0 AND quantity BETWEEN 1 AND 999", name="amount"),
        CheckConstraint(
            "state IN ('created', 'requires_action', 'processing', 'authorized', 'captured', 'unknown', 'failed',"
            " 'canceled')",
            name="state",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    seller_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    price_id: Mapped[UUID]
    quantity: Mapped[int] = mapped_column(Integer)
    description: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    provider_customer: Mapped[str | None] = mapped_column(Text)
    provider_payment_id: Mapped[str | None] = mapped_column(Text)
    provider_charge_id: Mapped[str | None] = mapped_column(Text)
    capture_method: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    unit_amount: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    seller_amount: Mapped[int] = mapped_column(BigInteger)
    fee_amount: Mapped[int] = mapped_column(BigInteger)
    tax_amount: Mapped[int] = mapped_column(BigInteger)
    fee_basis_points: Mapped[int] = mapped_column(Integer)
    captured_amount: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    refunding_amount: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    refunded_amount: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    seller_left: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    fee_left: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    tax_left: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    decline_code: Mapped[str | None] = mapped_column(Text)
    alarm: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    looked_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    check_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    checks: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    authorized_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    captured_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT)


class CustomerRow(Base):
    """A buyer's id at a provider."""

    __tablename__ = "provider_customers"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    provider_account: Mapped[str] = mapped_column(Text, primary_key=True)
    customer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)


class HoldRow(Base):
    """A seller's money of one payment, kept back until `release_at`; refunds and disputes lower `remaining`.

    `available_on`: when the provider says that it is available there; unknown: it is not released.
    """

    __tablename__ = "holds"
    __table_args__ = (
        Index("holds_payment_id_kind_key", "payment_id", "kind", unique=True),
        Index(
            "holds_known_idx",
            "release_at",
            "id",
            postgresql_where=text("released_at IS NULL AND available_on IS NOT NULL"),
        ),
        Index(
            "holds_unknown_idx",
            "release_at",
            "id",
            postgresql_where=text("released_at IS NULL AND available_on IS NULL"),
        ),
        Index(
            "holds_reserve_idx",
            "seller_id",
            "currency",
            "release_at",
            "id",
            postgresql_where=text("kind = 'reserve' AND released_at IS NULL"),
        ),
        CheckConstraint("remaining BETWEEN 0 AND amount", name="remaining"),
        CheckConstraint("kind IN ('pending', 'reserve')", name="kind"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    seller_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    release_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    available_on: Mapped[datetime | None] = mapped_column(_MOMENT)
    released_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
