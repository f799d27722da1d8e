"""What became of a batch of tries: decided one by one, written in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import DateTime, Text, Uuid

from cleanly.platform.webhooks.outbound.dispatch import rules
from cleanly.platform.webhooks.outbound.dispatch.claims import Claimed
from cleanly.platform.webhooks.outbound.dispatch.courier import Tried


class Result(NamedTuple):
    """One try that has ended, and what follows. `step`: failed tries in a row by now."""

    claimed: Claimed
    tried: Tried
    state: Literal["succeeded", "pending", "failed"]
    due_at: datetime | None
    step: int

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing any more."""
        return self.tried.status == rules.GONE


def decide(claimed: Claimed, tried: Tried, *, now: datetime, jitter: float) -> Result:
    """Delivered, to be tried again, or given up."""
    step = claimed.step + 1
    if tried.is_success:
        return Result(claimed, tried, "succeeded", None, step)
    if tried.status == rules.GONE:
        return Result(claimed, tried, "failed", None, step)
    delay = rules.retry_delay(
        step,
        jitter=jitter,
        retry_after=rules.retry_after_of((tried.headers or {}).get("retry-after"), now=now),
        patient=rules.wants_patience(tried.outcome, tried.status),
    )
    if delay is None:
        return Result(claimed, tried, "failed", None, step)
    return Result(claimed, tried, "pending", now + delay, step)


# One document instead of twelve arrays: the driver would dump each element of those by itself. Its base64 is the
# URL's alphabet, which PostgreSQL doesn't read.
# A delivery that somebody else has taken up meanwhile, or that was erased, is not touched and gets no try.
_RECORD = text("""
    WITH told AS MATERIALIZED (
        SELECT * FROM json_to_recordset(CAST(:told AS json)) AS told (
            id uuid, state text, due_at timestamptz, step integer, started_at timestamptz, duration_ms integer,
            outcome text, status integer, headers jsonb, body text, address text, error text
        )
    ), ended AS (
        UPDATE outbound_deliveries AS delivery
        SET state = told.state, due_at = told.due_at, step = told.step, tries = delivery.tries + 1,
            done_at = CASE WHEN told.state = 'pending' THEN NULL ELSE :now END, claimed_by = NULL, lease_until = NULL
        FROM told
        WHERE delivery.id = told.id AND delivery.id = ANY(ARRAY(SELECT id FROM told))
            AND delivery.state = 'claimed' AND delivery.claimed_by = :me
        RETURNING delivery.id, delivery.tries
    ), noted AS (
        INSERT INTO outbound_attempts
            (delivery_id, number, started_at, duration_ms, outcome, status, headers, body, address, error)
        SELECT ended.id, ended.tries, told.started_at, told.duration_ms, told.outcome, told.status,
            told.headers, decode(translate(told.body, '-_', '+/'), 'base64'), told.address, told.error
        FROM ended JOIN told ON told.id = ended.id
    )
    SELECT id FROM ended
""").bindparams(
    bindparam("me", type_=Uuid()), bindparam("now", type_=DateTime(timezone=True)), bindparam("told", type_=Text())
)


async def record(session: AsyncSession, results: Sequence[Result], *, me: UUID, now: datetime) -> set[UUID]:
    """Write down how they ended. Returns the deliveries that were ours to end: a second writing changes nothing."""
    told = to_json([_told(result) for result in results], bytes_mode="base64").decode()
    return set((await session.execute(_RECORD, {"me": me, "now": now, "told": told})).scalars())


def _told(result: Result) -> dict[str, Any]:
    tried = result.tried
    return {
        "id": result.claimed.id,
        "state": result.state,
        "due_at": result.due_at,
        "step": result.step,
        "started_at": tried.started_at,
        "duration_ms": tried.duration_ms,
        "outcome": tried.outcome,
        "status": tried.status,
        "headers": tried.headers,
        "body": tried.body,
        "address": tried.address,
        "error": tried.error,
    }
