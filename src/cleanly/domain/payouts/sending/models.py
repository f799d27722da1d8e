"""The tables of payouts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)


class PayoutRow(Base):
    """One payout. `revision` moves with every change; a look counts only if it has not moved since before the look.

    `destination`: the fingerprint that was pinned when it was asked for. `ending`: it is to end so, once what was
    handed over has come back. `attempt`: which handing-over the books speak of.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        Index(
            "payouts_open_key",
            "seller_id",
            "currency",
            unique=True,
            postgresql_where=text("state IN ('requested', 'held', 'sending', 'unknown', 'in_transit')"),
        ),
        Index("payouts_seller_id_idx", "seller_id", "id"),
        Index("payouts_check_at_idx", "check_at", postgresql_where=text("check_at IS NOT NULL")),
        Index(
            "payouts_unfinished_idx",
            "state",
            "id",
            postgresql_where=text("state IN ('requested', 'held', 'sending', 'unknown', 'in_transit')"),
        ),
        Index("payouts_provider_payout_id_idx", "provider", "provider_payout_id"),
        CheckConstraint(
            "state IN ('requested', 'held', 'sending', 'unknown', 'in_transit', 'paid', 'failed', 'returned',"
            " 'canceled')",
            name="state",
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("ending IN ('failed', 'returned', 'canceled')", name="ending"),
        CheckConstraint("is_sent OR NOT is_paid", name="paid_was_sent"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    payout_account_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    account_reference: Mapped[str] = mapped_column(Text)
    destination: Mapped[str | None] = mapped_column(Text)
    destination_last4: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    is_scheduled: Mapped[bool] = mapped_column(Boolean)
    is_two_step: Mapped[bool] = mapped_column(Boolean)
    is_sent: Mapped[bool] = mapped_column(Boolean, default=False)
    is_paid: Mapped[bool] = mapped_column(Boolean, default=False)
    attempt: Mapped[int] = mapped_column(Integer, default=1)
    ending: Mapped[str | None] = mapped_column(Text)
    failure_code: Mapped[str | None] = mapped_column(Text)
    held_for: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    held_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    reviewed_by: Mapped[UUID | None]
    alarm: Mapped[str | None] = mapped_column(Text)
    provider_transfer_id: Mapped[str | None] = mapped_column(Text)
    provider_payout_id: Mapped[str | None] = mapped_column(Text)
    arrives_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    sent_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    paid_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    check_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    checks: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT)


class PayoutStopRow(Base):
    """A time in which no payout is sent: since `stopped_at`, until a person has resumed them."""

    __tablename__ = "payout_stops"
    __table_args__ = (
        # There is one stop in force at most: a second reason changes nothing.
        Index("payout_stops_in_force_key", "switch", unique=True, postgresql_where=text("resumed_at IS NULL")),
        CheckConstraint("switch = 'payouts'", name="switch"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    switch: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    stopped_by: Mapped[UUID | None]
    stopped_at: Mapped[datetime] = mapped_column(_MOMENT)
    resumed_by: Mapped[UUID | None]
    resumed_at: Mapped[datetime | None] = mapped_column(_MOMENT)
