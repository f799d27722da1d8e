"""Sellers' accounts at the providers. One that was given up keeps its row: payouts point to it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)


class PayoutAccountRow(Base):
    """One seller at one provider. `reference`: the provider's id of it, None until it has answered.

    `payee`: for a provider without accounts, where the money goes, as the seller said. `enabled_at`: when money could
    first be sent there. `verified_at`: when it was shown that somebody receives it. `ended_at`: given up.
    """

    __tablename__ = "payout_accounts"
    __table_args__ = (
        Index(
            "payout_accounts_live_key",
            "seller_id",
            "provider",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "payout_accounts_default_key",
            "seller_id",
            unique=True,
            postgresql_where=text("is_default AND ended_at IS NULL"),
        ),
        Index("payout_accounts_seller_id_idx", "seller_id"),
        Index("payout_accounts_reference_idx", "provider", "provider_account", "reference"),
        CheckConstraint("state IN ('pending', 'enabled', 'restricted', 'disabled')", name="state"),
        CheckConstraint("state <> 'enabled' OR (payouts_enabled AND reference IS NOT NULL)", name="enabled"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    payee: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    charges_enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    payouts_enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    requirements: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    destination_last4: Mapped[str | None] = mapped_column(Text)
    destination_fingerprint: Mapped[str | None] = mapped_column(Text)
    destination_changed_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    is_default: Mapped[bool] = mapped_column(Boolean)
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    looked_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    enabled_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    verified_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    ended_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT)
