"""One transaction's worth of work on deliveries, apart from the dispatcher's own: again, skip, count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import DateTime, Integer, Uuid

from cleanly.platform.webhooks.outbound import service as outbound

SETTLE_BATCH = 1000

# One that waits for its next try keeps its place in the schedule; one that was over begins anew.
_AGAIN = text("""
    UPDATE outbound_deliveries
    SET state = 'pending', due_at = :now, done_at = NULL, step = CASE WHEN state = 'pending' THEN step ELSE 0 END
    WHERE id = ANY(:ids) AND state <> 'claimed'
    RETURNING id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid())), bindparam("now", type_=DateTime(timezone=True)))

_SETTLE = text("""
    UPDATE outbound_deliveries SET state = 'skipped', due_at = NULL, done_at = :now
    WHERE id = ANY(ARRAY(
        SELECT delivery.id FROM outbound_deliveries AS delivery
        LEFT JOIN outbound_endpoints AS endpoint ON endpoint.id = delivery.endpoint_id
        WHERE delivery.state = 'pending' AND (endpoint.id IS NULL OR endpoint.disabled_at IS NOT NULL)
        LIMIT :batch FOR UPDATE OF delivery SKIP LOCKED
    )) RETURNING id
""").bindparams(bindparam("now", type_=DateTime(timezone=True)), bindparam("batch", type_=Integer()))


@dataclass(frozen=True, slots=True)
class Standing:
    """For the gauges. `oldest_due_at`: None when nothing waits."""

    oldest_due_at: datetime | None
    endpoints_on: int
    endpoints_failing: int
    endpoints_off: int


async def deliver_again(session: AsyncSession, delivery_ids: Sequence[UUID], *, now: datetime) -> int:
    """Have them delivered at once, whatever became of them; how many. Those being sent this moment are left alone."""
    again = (await session.execute(_AGAIN, {"ids": list(delivery_ids), "now": now})).all()
    if again:
        await outbound.wake(session)
    return len(again)


async def settle(session: AsyncSession, *, now: datetime) -> int:
    """Skip what waits for endpoints that are off or gone, at most 1,000; how many."""
    return len((await session.execute(_SETTLE, {"now": now, "batch": SETTLE_BATCH})).all())


async def standing(session: AsyncSession) -> Standing:
    """How deliveries and endpoints stand now."""
    row = await session.execute(
        text("""
            SELECT
                (SELECT min(due_at) FROM outbound_deliveries WHERE state = 'pending'),
                count(*) FILTER (WHERE disabled_at IS NULL AND failures = 0),
                count(*) FILTER (WHERE disabled_at IS NULL AND failures > 0),
                count(*) FILTER (WHERE disabled_at IS NOT NULL)
            FROM outbound_endpoints
        """)
    )
    return Standing(*row.one())
