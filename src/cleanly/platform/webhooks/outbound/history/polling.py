"""Events for who asks instead of being told: in an order in which nothing ever appears behind the reader's back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.webhooks.outbound.models import DeliveryRow, MessageRow

# Positions are drawn when a row is written, not when it is committed: a transaction that is still open may hold a
# lower one than the newest to be seen. Whatever was written before the oldest open writer began, and before this very
# question, is settled. Who only reads (a backup, for hours) has no transaction id and holds nobody up. A writer has its
# id before it draws a position: `publish` writes the message first, a replay asks for one. All must be of our own role:
# of others' sessions PostgreSQL tells nothing.
_SETTLED = text("""
    SELECT least(statement_timestamp(), min(xact_start)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Polled:
    """One event in an endpoint's line. `id` is the webhook-id."""

    position: int
    id: UUID
    type: str
    data: dict[str, Any]
    created_at: datetime


async def events(
    session: AsyncSession, endpoint_id: UUID, *, account_id: UUID, after: int, limit: int
) -> Sequence[Polled]:
    """The next events of an endpoint, oldest first, whether they were delivered, skipped or neither.

    On the primary only: a replica does not know who is writing. Two statements, in this order, and each with its own
    snapshot (READ COMMITTED): what commits between them was written after the moment that the first one names.
    """
    settled = await session.scalar(_SETTLED)
    rows = await session.execute(
        select(DeliveryRow.position, MessageRow.id, MessageRow.type, MessageRow.data, MessageRow.created_at)
        .join(MessageRow, MessageRow.id == DeliveryRow.message_id)
        .where(
            DeliveryRow.endpoint_id == endpoint_id,
            DeliveryRow.account_id == account_id,
            DeliveryRow.position > after,
            DeliveryRow.written_at < settled,
        )
        .order_by(DeliveryRow.position)
        .limit(limit)
    )
    return [Polled(*row) for row in rows]
