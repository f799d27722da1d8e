"""Subscriptions, the periods that were paid, and what was asked of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)
IS_LIVE = text("state IN ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused')")


class SubscriptionRow(Base):
    """One subscription. `provider_subscription_id`: the provider's id; of Google Play the purchase's token.

    `reminders`: mails that were sent on the payment that fails now. `must_acknowledge`: Google still waits to hear
    that it was granted.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index("subscriptions_live_key", "user_id", "plan_group_id", unique=True, postgresql_where=IS_LIVE),
        Index(
            "subscriptions_provider_subscription_key",
            "provider",
            "provider_account",
            "provider_subscription_id",
            unique=True,
        ),
        Index("subscriptions_purchase_token_key", "purchase_token_sha256", unique=True),
        Index("subscriptions_user_id_id_idx", "user_id", "id"),
        Index("subscriptions_seller_id_idx", "seller_id"),
        Index("subscriptions_check_at_idx", "check_at", postgresql_where=text("check_at IS NOT NULL")),
        CheckConstraint(
            "state IN ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled', 'expired')",
            name="state",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    seller_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    plan_group_id: Mapped[UUID]
    price_id: Mapped[UUID]
    product_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    provider_customer: Mapped[str | None] = mapped_column(Text)
    provider_subscription_id: Mapped[str | None] = mapped_column(Text)
    purchase_token_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    trial_days: Mapped[int | None] = mapped_column(Integer)
    period_start: Mapped[datetime | None] = mapped_column(_MOMENT)
    period_end: Mapped[datetime | None] = mapped_column(_MOMENT)
    paid_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    trial_end: Mapped[datetime | None] = mapped_column(_MOMENT)
    cancel_at_period_end: Mapped[bool] = mapped_column(server_default=text("false"))
    pending_price_id: Mapped[UUID | None]
    grace_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    resumes_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    ended_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    decline_code: Mapped[str | None] = mapped_column(Text)
    alarm: Mapped[str | None] = mapped_column(Text)
    reminders: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    must_acknowledge: Mapped[bool] = mapped_column(server_default=text("false"))
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    looked_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    check_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT)


class PeriodRow(Base):
    """A time that was paid for. `payment_id`: absent where the provider's books tell the money later (Google Play).

    A change of plan in the second in which a period begins is paid for beside it, hence the kind in the key.
    `given_back_at`: when it was seen that all of the payment was given back, which ended the subscription.
    """

    __tablename__ = "subscription_periods"
    __table_args__ = (
        UniqueConstraint("subscription_id", "period_start", "kind"),
        Index("subscription_periods_payment_id_idx", "payment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id"))
    kind: Mapped[str] = mapped_column(Text)
    price_id: Mapped[UUID]
    period_start: Mapped[datetime] = mapped_column(_MOMENT)
    period_end: Mapped[datetime] = mapped_column(_MOMENT)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[UUID | None]
    given_back_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)


class ChangeRow(Base):
    """Something that was asked of a subscription. `effective_at`: absent means when the period ends.

    `waits_until`: until when the subscriber may confirm the payment of a change that is open.
    """

    __tablename__ = "subscription_changes"
    __table_args__ = (
        Index(
            "subscription_changes_open_key",
            "subscription_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("subscription_changes_subscription_id_idx", "subscription_id"),
        CheckConstraint("kind IN ('price', 'cancel', 'cancel_at_period_end', 'pause', 'resume')", name="kind"),
        CheckConstraint("state IN ('open', 'done', 'refused')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    from_price_id: Mapped[UUID | None]
    to_price_id: Mapped[UUID | None]
    currency: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    effective_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    waits_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    done_at: Mapped[datetime | None] = mapped_column(_MOMENT)
