"""Publish an event in the transaction that makes it true, and wake those who deliver."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import bindparam
from sqlalchemy.types import DateTime, Text, Uuid

from cleanly.kernel.ids import new_id
from cleanly.kernel.messages import Event
from cleanly.platform.webhooks.outbound import rules
from cleanly.platform.webhooks.outbound.messages import CHANNEL
from cleanly.platform.webhooks.outbound.rules import PLATFORM

__all__ = ["PLATFORM", "publish", "wake"]

# One statement, whatever the number of endpoints. A delivery's id is the message's first half (its time) and chance.
_PUBLISH = text("""
    WITH message AS (
        INSERT INTO outbound_messages (id, account_id, type, data, created_at)
        VALUES (:id, :account_id, :type, :data, coalesce(:now, now()))
        RETURNING id, account_id, created_at
    ), written AS (
        INSERT INTO outbound_deliveries
            (id, message_id, endpoint_id, account_id, state, due_at, done_at, order_key)
        SELECT (left(message.id::text, 18) || right(gen_random_uuid()::text, 18))::uuid,
            message.id, endpoint.id, message.account_id,
            CASE WHEN endpoint.disabled_at IS NULL THEN 'pending' ELSE 'skipped' END,
            CASE WHEN endpoint.disabled_at IS NULL THEN message.created_at END,
            CASE WHEN endpoint.disabled_at IS NULL THEN NULL ELSE message.created_at END,
            CASE WHEN endpoint.ordered THEN :order_key END
        FROM message JOIN outbound_endpoints AS endpoint ON endpoint.account_id = message.account_id
        WHERE endpoint.event_types && :patterns AND endpoint.id <> :except_id
        RETURNING state
    )
    SELECT pg_notify(:channel, '') FROM written WHERE state = 'pending' LIMIT 1
""").bindparams(
    bindparam("id", type_=Uuid()),
    bindparam("account_id", type_=Uuid()),
    bindparam("type", type_=Text()),
    bindparam("data", type_=JSONB()),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("order_key", type_=Text()),
    bindparam("patterns", type_=ARRAY(Text())),
    bindparam("except_id", type_=Uuid()),
    bindparam("channel", type_=Text()),
)
_NOBODY = UUID(int=0)


async def publish(
    session: AsyncSession, event: Event, *, now: datetime | None = None, except_endpoint: UUID | None = None
) -> UUID:
    """One message, and a delivery to each endpoint that wants it: they exist if what it tells is committed.

    `now`: the database's clock if absent. Returns the message's id.

    Raises:
        ValueError: the body would be above 20 kB: a fault of the program, for events are thin.
    """
    if rules.body_bytes(event.type, event.data) > rules.BODY_BYTES_MAX:
        raise ValueError(f"the event {event.type} is too large to publish")
    message_id = new_id()
    await session.execute(
        _PUBLISH,
        {
            "id": message_id,
            "account_id": event.account_id,
            "type": event.type,
            "data": event.data,
            "now": now,
            "order_key": rules.order_key(event.type, event.data),
            "patterns": rules.patterns_of(event.type),
            "except_id": except_endpoint or _NOBODY,
            "channel": CHANNEL,
        },
    )
    return message_id


async def wake(session: AsyncSession) -> None:
    """Tell the dispatchers, once this transaction has committed, that something is due."""
    await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
