"""Write to the audit record, inside the transaction of what it records."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Origin
from cleanly.platform.audit.models import AuditRow


async def record(
    session: AsyncSession,
    action: str,
    *,
    at: datetime,
    origin: Origin,
    actor_id: UUID | None = None,
    target_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one event. `action` is `object.verb_past`, such as `session.revoked`; `details` hold no secret.

    What a failed action should leave behind is recorded in a transaction of its own: this one rolls back.
    """
    row = {
        "id": new_id(),
        "at": at,
        "actor_id": actor_id,
        "action": action,
        "target_id": target_id,
        "address": origin.address,
        "request_id": origin.request_id,
        "details": dict(details or {}),
    }
    await session.execute(insert(AuditRow).values(row))


async def forget_person(session: AsyncSession, user_id: UUID) -> None:
    """Blank the addresses and details of a person's events; that they happened stays."""
    await session.execute(
        update(AuditRow)
        .where(or_(AuditRow.actor_id == user_id, AuditRow.target_id == user_id))
        .values(address=None, details={})
    )
