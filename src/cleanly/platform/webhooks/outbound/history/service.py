"""Forgetting: what is older than 30 days, and what was a person's, a bounded batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.webhooks.outbound.models import DeliveryRow, MessageRow, SecretRow

# A message takes its deliveries and their tries along: with 20 endpoints and 10 tries each this may be 40,000 rows.
BATCH = 200
_NIL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Swept:
    """How far a sweep has come: `last_id` is None when nothing older can follow."""

    deleted: int
    last_id: UUID | None


async def sweep(session: AsyncSession, *, before: datetime, after: UUID | None) -> Swept:
    """Look at the next 200 messages by age and delete those from before that time, unless one is still on its way.

    Ids are drawn in the order of time, so that no index by time is needed: the first message that is young ends it.
    """
    query = select(MessageRow.id, MessageRow.created_at).where(MessageRow.id > (after or _NIL))
    rows = (await session.execute(query.order_by(MessageRow.id).limit(BATCH))).all()
    old: Sequence[UUID] = [message_id for message_id, created_at in rows if created_at < before]
    deleted = await _delete(session, old)
    is_all_old = len(rows) == BATCH and len(old) == BATCH
    return Swept(deleted, rows[-1][0] if is_all_old else None)


async def _delete(session: AsyncSession, message_ids: Sequence[UUID]) -> int:
    on_its_way = exists().where(DeliveryRow.message_id == MessageRow.id, DeliveryRow.state.in_(("pending", "claimed")))
    gone = await session.scalars(
        delete(MessageRow).where(MessageRow.id.in_(message_ids), ~on_its_way).returning(MessageRow.id)
    )
    return len(gone.all())


async def forget_messages(session: AsyncSession, account_id: UUID) -> int:
    """Delete 200 messages of an account, delivered or not; how many there were."""
    some = select(MessageRow.id).where(MessageRow.account_id == account_id).order_by(MessageRow.id).limit(BATCH)
    gone = await session.scalars(
        delete(MessageRow).where(MessageRow.id.in_(some.scalar_subquery())).returning(MessageRow.id)
    )
    return len(gone.all())


async def sweep_secrets(session: AsyncSession, *, before: datetime) -> int:
    """Delete 200 keys that ended before that time; how many there were."""
    some = select(SecretRow.id).where(SecretRow.ends_at < before).limit(BATCH)
    gone = await session.scalars(
        delete(SecretRow).where(SecretRow.id.in_(some.scalar_subquery())).returning(SecretRow.id)
    )
    return len(gone.all())
