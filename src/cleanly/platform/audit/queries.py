"""Read the audit record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.audit.models import AuditRow


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One recorded action."""

    id: UUID
    at: datetime
    action: str
    actor_id: UUID | None
    target_id: UUID | None
    address: str | None
    request_id: str | None
    details: dict[str, Any]


async def of_person(session: AsyncSession, user_id: UUID, *, limit: int) -> list[AuditEvent]:
    """The newest `limit` events that a person caused or met."""
    rows = await session.scalars(
        select(AuditRow)
        .where(or_(AuditRow.actor_id == user_id, AuditRow.target_id == user_id))
        .order_by(AuditRow.id.desc())
        .limit(limit)
    )
    return [
        AuditEvent(
            id=row.id,
            at=row.at,
            action=row.action,
            actor_id=row.actor_id,
            target_id=row.target_id,
            address=row.address,
            request_id=row.request_id,
            details=row.details,
        )
        for row in rows
    ]
