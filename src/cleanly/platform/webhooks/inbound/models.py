"""The inbox, and how far each provider's own list has been read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id


class InboundEventRow(Base):
    """One event of a provider. `attempts`: tries that have ended since it came or was last replayed.

    `last_error`: why the last try failed, or why it was ignored. The body goes after some time, the row stays.
    """

    __tablename__ = "inbound_events"
    __table_args__ = (
        UniqueConstraint(
            "provider", "provider_account", "event_id", name="inbound_events_provider_provider_account_event_id_key"
        ),
        CheckConstraint("source IN ('push', 'sweep', 'replay')", name="source"),
        CheckConstraint("state IN ('stored', 'done', 'ignored', 'waiting', 'dead')", name="state"),
        CheckConstraint("(state IN ('stored', 'waiting')) = (next_at IS NOT NULL)", name="next_at"),
        Index("inbound_events_state_id_idx", "state", "id", postgresql_where=text("state <> 'done'")),
        Index("inbound_events_received_at_idx", "received_at", postgresql_where=text("body IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    our_id: Mapped[UUID | None]
    livemode: Mapped[bool]
    api_version: Mapped[str | None] = mapped_column(Text)
    provider_created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    verified_with: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class InboundSweepRow(Base):
    """Up to which moment a provider's own list of events has been read."""

    __tablename__ = "inbound_sweeps"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    provider_account: Mapped[str] = mapped_column(Text, primary_key=True)
    swept_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
