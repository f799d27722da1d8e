"""The statements of the queue: claim in turn, take up again what a lost dispatcher held, give back, look ahead."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import DateTime, Integer, Text, Uuid

RECOVER_BATCH = 500


class Claimed(NamedTuple):
    """A delivery in a dispatcher's hands, with all that is needed to send it. `timestamp`: RFC 3339."""

    id: UUID
    message_id: str
    endpoint_id: UUID
    account_id: UUID
    step: int
    type: str
    data: str
    timestamp: str
    url: str
    revision: int
    first_failure_at: datetime | None
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True)
class Round:
    """What one claim brought. `after`: where the next begins; None when all endpoints have been asked."""

    claimed: list[Claimed]
    after: UUID | None


# `visited` goes from endpoint to endpoint by the index, so that the cost is that of those who have something waiting,
# however much one of them has. LATERAL with OFFSET 0 keeps that order, and stops it as soon as the batch is full.
# What was never tried is due by the database's clock, which wrote it: ours may be behind.
# An endpoint with a rate is locked while its allowance is spent: two dispatchers share it.
_CLAIM = text("""
    WITH RECURSIVE told AS MATERIALIZED (
        SELECT CAST(:rooms AS jsonb) AS rooms
    ), visited AS (
        (
            SELECT endpoint_id AS id, 1 AS turn FROM outbound_deliveries
            WHERE state = 'pending' AND endpoint_id > :after ORDER BY endpoint_id LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT next.endpoint_id FROM outbound_deliveries AS next
            WHERE next.state = 'pending' AND next.endpoint_id > visited.id ORDER BY next.endpoint_id LIMIT 1
        ), visited.turn + 1
        FROM visited WHERE visited.id IS NOT NULL AND visited.turn < :visits
    ), picked AS MATERIALIZED (
        SELECT delivery.id, endpoint.id AS endpoint_id, endpoint.rate_per_minute, visited.turn
        FROM visited
        CROSS JOIN LATERAL (SELECT * FROM (
            SELECT free.id, free.ordered, NULL::integer AS rate_per_minute, free.first_failure_at, NULL::float AS paced
            FROM outbound_endpoints AS free
            WHERE free.id = visited.id AND free.disabled_at IS NULL AND free.rate_per_minute IS NULL
            UNION ALL
            SELECT * FROM (
                SELECT rated.id, rated.ordered, rated.rate_per_minute, rated.first_failure_at,
                    floor(1e-6 + rated.rate_per_minute / 60.0 * extract(epoch FROM :now - greatest(
                        coalesce(rated.paced_until, '-infinity'),
                        :now - make_interval(secs => greatest(1, rated.rate_per_minute / 60) * 60.0
                            / rated.rate_per_minute)
                    )))::float AS paced
                FROM outbound_endpoints AS rated
                WHERE rated.id = visited.id AND rated.disabled_at IS NULL AND rated.rate_per_minute IS NOT NULL
                FOR NO KEY UPDATE SKIP LOCKED
            ) AS locked
        ) AS either OFFSET 0) AS endpoint
        CROSS JOIN LATERAL (
            SELECT waiting.id FROM outbound_deliveries AS waiting
            WHERE waiting.endpoint_id = endpoint.id AND waiting.state = 'pending'
                AND waiting.due_at <= greatest(:now, now()) AND (waiting.due_at <= :now OR waiting.tries = 0)
                AND (waiting.order_key IS NULL OR NOT endpoint.ordered OR NOT EXISTS (
                    SELECT FROM outbound_deliveries AS earlier
                    WHERE earlier.endpoint_id = waiting.endpoint_id AND earlier.order_key = waiting.order_key
                        AND earlier.state IN ('pending', 'claimed') AND earlier.position < waiting.position
                ))
            ORDER BY waiting.due_at, waiting.position
            LIMIT greatest(0, least(
                coalesce(
                    ((SELECT rooms FROM told) ->> endpoint.id::text)::integer,
                    CASE WHEN endpoint.first_failure_at IS NULL THEN :room ELSE :failing_room END
                ),
                endpoint.paced
            ))::bigint
            FOR UPDATE OF waiting SKIP LOCKED
        ) AS delivery
        LIMIT :batch
    ), paced AS (
        UPDATE outbound_endpoints AS endpoint
        SET paced_until = greatest(
                coalesce(endpoint.paced_until, '-infinity'),
                :now - make_interval(secs => greatest(1, spent.rate_per_minute / 60) * 60.0 / spent.rate_per_minute)
            ) + make_interval(secs => spent.deliveries * 60.0 / spent.rate_per_minute)
        FROM (
            SELECT endpoint_id, rate_per_minute, count(*) AS deliveries FROM picked
            WHERE rate_per_minute IS NOT NULL GROUP BY endpoint_id, rate_per_minute
        ) AS spent
        WHERE endpoint.id = spent.endpoint_id
    ), claimed AS (
        UPDATE outbound_deliveries
        SET state = 'claimed', claimed_by = :me, lease_until = :lease_until
        WHERE id = ANY(ARRAY(SELECT id FROM picked))
        RETURNING id, message_id, endpoint_id, account_id, step, position
    )
    SELECT claimed.id, claimed.message_id::text, claimed.endpoint_id, claimed.account_id, claimed.step, message.type,
        message.data, message.written_at, endpoint.url, endpoint.revision, endpoint.first_failure_at,
        endpoint.last_success_at
    FROM claimed
    CROSS JOIN LATERAL (
        SELECT type, data::text AS data,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS written_at
        FROM outbound_messages WHERE id = claimed.message_id OFFSET 0
    ) AS message
    CROSS JOIN LATERAL (
        SELECT url, revision, first_failure_at, last_success_at FROM outbound_endpoints
        WHERE id = claimed.endpoint_id OFFSET 0
    ) AS endpoint
    UNION ALL
    SELECT NULL, NULL, CASE
            WHEN (SELECT count(*) FROM picked) >= :batch THEN
                (SELECT endpoint_id FROM picked ORDER BY turn DESC LIMIT 1)
            WHEN (SELECT count(*) FROM visited WHERE id IS NOT NULL) >= :visits THEN
                (SELECT id FROM visited WHERE id IS NOT NULL ORDER BY turn DESC LIMIT 1)
        END, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
""").bindparams(
    bindparam("rooms", type_=Text()),
    bindparam("after", type_=Uuid()),
    bindparam("visits", type_=Integer()),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("room", type_=Integer()),
    bindparam("failing_room", type_=Integer()),
    bindparam("batch", type_=Integer()),
    bindparam("me", type_=Uuid()),
    bindparam("lease_until", type_=DateTime(timezone=True)),
)

_RECOVER = text("""
    UPDATE outbound_deliveries SET state = 'pending', claimed_by = NULL, lease_until = NULL
    WHERE id = ANY(ARRAY(
        SELECT id FROM outbound_deliveries WHERE state = 'claimed' AND lease_until <= :now
        ORDER BY lease_until LIMIT :batch FOR UPDATE SKIP LOCKED
    )) RETURNING id
""").bindparams(bindparam("now", type_=DateTime(timezone=True)), bindparam("batch", type_=Integer()))

_GIVE_BACK = text("""
    UPDATE outbound_deliveries SET state = 'pending', claimed_by = NULL, lease_until = NULL
    WHERE id = ANY(:ids) AND state = 'claimed' AND claimed_by = :me
""").bindparams(bindparam("ids", type_=ARRAY(Uuid())), bindparam("me", type_=Uuid()))

_NEXT_DUE = text("SELECT min(due_at) FROM outbound_deliveries WHERE state = 'pending'")
_NOBODY = UUID(int=0)


async def claim(
    session: AsyncSession,
    *,
    me: UUID,
    after: UUID | None,
    rooms: Mapping[str, int],
    first_room: int,
    failing_room: int,
    batch: int,
    visits: int,
    now: datetime,
    lease: timedelta,
) -> Round:
    """Claim at most `batch` due deliveries, some of each endpoint, beginning behind the endpoint `after`.

    `rooms`: how many at most of which endpoint; of others `first_room`, or `failing_room` of those that fail.
    """
    found = (
        await session.execute(
            _CLAIM,
            {
                "me": me,
                "after": after or _NOBODY,
                "rooms": json.dumps(rooms),
                "room": first_room,
                "failing_room": failing_room,
                "batch": batch,
                "visits": visits,
                "now": now,
                "lease_until": now + lease,
            },
        )
    ).all()
    *claimed, last = found
    return Round([Claimed._make(row) for row in claimed], last[2])


async def recover(session: AsyncSession, *, now: datetime) -> int:
    """Free what dispatchers hold whose lease has run out, at most 500 at a time; how many."""
    return len((await session.execute(_RECOVER, {"now": now, "batch": RECOVER_BATCH})).all())


async def give_back(session: AsyncSession, delivery_ids: Sequence[UUID], *, me: UUID) -> None:
    """Free what was claimed and not sent."""
    await session.execute(_GIVE_BACK, {"ids": list(delivery_ids), "me": me})


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next waiting delivery is due, or has been since; None if none waits."""
    found: datetime | None = (await session.execute(_NEXT_DUE)).scalar()
    return found
