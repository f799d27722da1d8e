"""Messages to subscribers, where they go, and every try to bring them there."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_OPEN = "state IN ('pending', 'claimed')"


class MessageRow(Base):
    """One event for one account. `account_id` is the nil UUID for the platform itself."""

    __tablename__ = "outbound_messages"
    __table_args__ = (Index("outbound_messages_account_id_id_idx", "account_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class EndpointRow(Base):
    """Where an account wants its messages. On while `disabled_at` is NULL.

    `event_types`: `payment.succeeded`, or `payment.*` for all of that object. `revision` counts changes of the
    settings (If-Match).
    Health: `failures` since `first_failure_at`, both of the row of failures that no 2xx has ended; `told`: how much
    of it the owner was told (rules.Told). `paced_until`: up to when the rate is used up.
    """

    __tablename__ = "outbound_endpoints"
    __table_args__ = (
        CheckConstraint("rate_per_minute BETWEEN 1 AND 60000", name="rate"),
        CheckConstraint("disabled_reason IN ('owner', 'failing', 'gone')", name="disabled_reason"),
        CheckConstraint("(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled"),
        CheckConstraint("told BETWEEN 0 AND 3", name="told"),
        CheckConstraint("(failures = 0) = (first_failure_at IS NULL)", name="failures"),
        Index("outbound_endpoints_account_id_id_idx", "account_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID]
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    event_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rate_per_minute: Mapped[int | None]
    ordered: Mapped[bool]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    first_failure_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_failure_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    last_success_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    told: Mapped[int] = mapped_column(server_default=text("0"))
    paced_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SecretRow(Base):
    """A key that signs an endpoint's messages, sealed. The newest has no end; those before it sign until theirs."""

    __tablename__ = "outbound_secrets"
    __table_args__ = (
        CheckConstraint("kind IN ('v1', 'v1a')", name="kind"),
        CheckConstraint("(kind = 'v1a') = (public_key IS NOT NULL)", name="public_key"),
        Index("outbound_secrets_endpoint_id_created_at_idx", "endpoint_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("outbound_endpoints.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class DeliveryRow(Base):
    """One message on its way to one endpoint, by `rules.DeliveryState`.

    `position` grows in the order in which an object's messages were written. `tries`: all that ended, by which they
    are numbered; `step`: those since it was last begun, its place in the schedule. `order_key`: the object, if the
    endpoint wants its messages one after the other.

    No foreign key to the endpoint: each publishing transaction would lock that row, and they are many.
    """

    __tablename__ = "outbound_deliveries"
    __table_args__ = (
        UniqueConstraint("message_id", "endpoint_id", name="outbound_deliveries_message_id_endpoint_id_key"),
        CheckConstraint("state IN ('pending', 'claimed', 'succeeded', 'failed', 'skipped')", name="state"),
        CheckConstraint(f"({_OPEN}) = (due_at IS NOT NULL)", name="due_at"),
        CheckConstraint(
            "(state = 'claimed') = (lease_until IS NOT NULL AND claimed_by IS NOT NULL)",
            name="claimed",
        ),
        Index(
            "outbound_deliveries_claim_idx",
            "endpoint_id",
            "due_at",
            "position",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("outbound_deliveries_due_idx", "due_at", postgresql_where=text("state = 'pending'")),
        Index("outbound_deliveries_lease_idx", "lease_until", postgresql_where=text("state = 'claimed'")),
        Index(
            "outbound_deliveries_order_idx",
            "endpoint_id",
            "order_key",
            "position",
            postgresql_where=text(f"order_key IS NOT NULL AND {_OPEN}"),
        ),
        Index("outbound_deliveries_account_id_position_idx", "account_id", "position"),
        Index("outbound_deliveries_endpoint_id_position_idx", "endpoint_id", "position"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    message_id: Mapped[UUID] = mapped_column(ForeignKey("outbound_messages.id", ondelete="CASCADE"))
    endpoint_id: Mapped[UUID]
    account_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    step: Mapped[int] = mapped_column(server_default=text("0"))
    order_key: Mapped[str | None] = mapped_column(Text)
    claimed_by: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class AttemptRow(Base):
    """One try that ended, by `rules.Outcome`. `body`: the first 16 KiB of the answer; `address`: who was called."""

    __tablename__ = "outbound_attempts"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('succeeded', 'refused', 'timeout', 'unreachable', 'broken', 'forbidden')", name="outcome"
        ),
        CheckConstraint("(outcome IN ('succeeded', 'refused')) = (status IS NOT NULL)", name="status"),
        CheckConstraint("length(body) <= 16384", name="body"),
    )

    delivery_id: Mapped[UUID] = mapped_column(
        ForeignKey("outbound_deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    duration_ms: Mapped[int]
    outcome: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    address: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
