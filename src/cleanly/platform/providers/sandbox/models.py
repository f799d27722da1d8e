"""The sandbox's tables: its objects as JSON, the keys it has seen, its events, what it will do later, its counters."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base


class SandboxCounter(Base):
    """The last number given per kind of object, and, as `clock`, how many seconds its time runs ahead of ours."""

    __tablename__ = "sandbox_counters"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class SandboxObject(Base):
    """A payment, refund, dispute, customer or entry; `parent` is the payment of a refund or dispute."""

    __tablename__ = "sandbox_objects"
    __table_args__ = (
        UniqueConstraint("kind", "number"),
        Index("sandbox_objects_our_id_idx", "our_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(BigInteger)
    our_id: Mapped[UUID | None]
    parent: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SandboxKey(Base):
    """An idempotency key and the answer it was given; `request` is a hash. `missed`: the call never arrived."""

    __tablename__ = "sandbox_keys"
    __table_args__ = (CheckConstraint("state IN ('missed', 'running', 'done')", name="state"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SandboxEvent(Base):
    """An event, with the bytes that are pushed. `due_at` is null when it will not be pushed (again)."""

    __tablename__ = "sandbox_events"
    __table_args__ = (
        Index("sandbox_events_payment_idx", "payment"),
        Index("sandbox_events_due_at_idx", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(Text)
    payment: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    copies: Mapped[int] = mapped_column(SmallInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SandboxPlan(Base):
    """What will happen by itself: an action upon an object, at a time of the sandbox's clock."""

    __tablename__ = "sandbox_plans"
    __table_args__ = (Index("sandbox_plans_due_at_idx", "due_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    action: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
