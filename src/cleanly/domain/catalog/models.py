"""Products, their prices, groups of plans, sellers' fees. The database itself refuses to change a used price."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.domain.catalog.rules import Interval, Kind, PriceType, Status
from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id


class ProductRow(Base):
    """Something for sale. `seller_id` is absent for the platform's own."""

    __tablename__ = "products"
    __table_args__ = (
        Index("products_status_id_idx", "status", "id"),
        Index("products_seller_id_status_id_idx", "seller_id", "status", "id"),
        Index("products_kind_status_id_idx", "kind", "status", "id"),
        CheckConstraint("kind IN ('physical', 'digital', 'service')", name="kind"),
        CheckConstraint("status IN ('active', 'archived')", name="status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seller_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(5000), server_default=text("''"))
    image_urls: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    kind: Mapped[Kind] = mapped_column(Text)
    status: Mapped[Status] = mapped_column(Text, server_default=text("'active'"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PlanGroupRow(Base):
    """Plans of which a subscriber has one at a time. A seller knows them by name."""

    __tablename__ = "plan_groups"
    __table_args__ = (UniqueConstraint("seller_id", "name", postgresql_nulls_not_distinct=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seller_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PriceRow(Base):
    """What a product costs, tax included. Once `used_at` is set only `is_active` may change.

    `access_days`: how long something digital that is bought once may be used; absent: for good.
    """

    __tablename__ = "prices"
    __table_args__ = (
        Index("prices_product_id_idx", "product_id"),
        Index("prices_currency_product_id_idx", "currency", "product_id"),
        Index("prices_plan_group_id_idx", "plan_group_id"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("unit_amount > 0 AND unit_amount <= 1000000000000", name="unit_amount"),
        CheckConstraint("type IN ('one_time', 'recurring')", name="type"),
        CheckConstraint("interval IN ('day', 'week', 'month', 'year')", name="interval"),
        CheckConstraint("interval_count >= 1 AND interval_count <= 365", name="interval_count"),
        CheckConstraint("trial_days >= 1 AND trial_days <= 730", name="trial_days"),
        CheckConstraint("access_days >= 1 AND access_days <= 3650", name="access_days"),
        CheckConstraint("type = 'one_time' OR access_days IS NULL", name="access_terms"),
        CheckConstraint(
            "(type = 'recurring') = (interval IS NOT NULL) AND (type = 'recurring') = (interval_count IS NOT NULL)"
            " AND (type = 'recurring') = (plan_group_id IS NOT NULL) AND (type = 'recurring' OR trial_days IS NULL)",
            name="terms",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"))
    currency: Mapped[str] = mapped_column(Text)
    unit_amount: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[PriceType] = mapped_column(Text)
    interval: Mapped[Interval | None] = mapped_column(Text)
    interval_count: Mapped[int | None]
    trial_days: Mapped[int | None]
    access_days: Mapped[int | None]
    plan_group_id: Mapped[UUID | None] = mapped_column(ForeignKey("plan_groups.id"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SellerFeeRow(Base):
    """What was agreed with one seller in place of the platform's usual fee. `fixed`: minor units by currency."""

    __tablename__ = "seller_fees"
    __table_args__ = (
        CheckConstraint("basis_points >= 0 AND basis_points <= 10000", name="basis_points"),
        CheckConstraint("jsonb_typeof(fixed) = 'object'", name="fixed"),
    )

    seller_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    basis_points: Mapped[int]
    fixed: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
