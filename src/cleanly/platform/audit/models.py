"""The audit table. The database itself refuses to change or delete its rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id


class AuditRow(Base):
    """One action. `actor_id` did it to `target_id`."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("audit_events_target_id_id_idx", "target_id", "id"),
        Index("audit_events_actor_id_id_idx", "actor_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(Text)
    target_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
