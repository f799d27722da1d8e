"""Write to the audit record, inside the transaction of what it records."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic_core import to_json
from sqlalchemy import insert, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Origin
from cleanly.platform.audit.models import AuditRow

# As `record`, for a statement that writes more than the audit record: its values are `values_of`'s. It stands behind a
# common table expression, and adds nothing when that has no row.
INSERTION = """
    INSERT INTO audit_events (id, at, actor_id, action, target_id, address, request_id, details)
    SELECT %(audit_id)s, %(audit_at)s, %(audit_actor_id)s, %(audit_action)s, %(audit_target_id)s, %(audit_address)s,
        %(audit_request_id)s, %(audit_details)s
"""


def values_of(
    action: str, *, at: datetime, origin: Origin, actor_id: UUID, target_id: UUID, details: dict[str, Any]
) -> dict[str, Any]:
    """What `INSERTION` asks for. `details` may hold ids as they are."""
    return {
        "audit_id": new_id(),
        "audit_at": at,
        "audit_actor_id": actor_id,
        "audit_action": action,
        "audit_target_id": target_id,
        "audit_address": origin.address,
        "audit_request_id": origin.request_id,
        "audit_details": Jsonb(details, to_json),
    }


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
