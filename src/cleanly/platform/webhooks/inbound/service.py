"""One transaction's worth of work on the inbox: store once, end, put off, replay, empty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Origin
from cleanly.platform.audit import service as audit
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.protocol import VerifiedEvent
from cleanly.platform.webhooks.inbound import rules
from cleanly.platform.webhooks.inbound.messages import PROCESS, WAKE, Stored
from cleanly.platform.webhooks.inbound.models import InboundEventRow, InboundSweepRow
from cleanly.platform.webhooks.inbound.queries import WAITING, Selection

REPLAY_BATCH = 200
EMPTY_BATCH = 500
RESCUE_BATCH = 200
_ERROR_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many events of a batch will be acted on again; `last_id` is None when no more can follow."""

    events: int
    last_id: UUID | None


# One statement, so that a push needs no transaction around it: the row, and the job that will act on it.
_STORE = f"""
    WITH stored AS (
        INSERT INTO inbound_events (id, provider, provider_account, event_id, type, object_kind, object_id, our_id,
            livemode, api_version, provider_created_at, received_at, headers, body, verified_with, source, state,
            next_at, last_error, done_at)
        VALUES (%(id)s, %(provider)s, %(account)s, %(event_id)s, %(type)s, %(kind)s, %(object)s, %(our_id)s,
            %(is_live)s, %(api_version)s, %(created_at)s, %(now)s, %(headers)s, %(body)s, %(verified_with)s,
            %(source)s, %(state)s, %(next_at)s, %(wrong_mode)s, %(done_at)s)
        ON CONFLICT DO NOTHING RETURNING state
    )
    SELECT state, CASE WHEN state = 'stored' THEN {jobs.ASKING} END FROM stored
"""  # noqa: S608 - the queue's own text  # nosec B608


async def store(
    connection: AsyncConnection[Any],
    event: VerifiedEvent,
    *,
    headers: Mapping[str, str],
    body: bytes,
    source: Literal["push", "sweep"],
    is_live: bool,
    now: datetime,
) -> Literal["stored", "duplicate", "ignored"]:
    """Keep an event, and ask for it to be acted on, unless it is here already or its money is not of our kind.

    The driver's own connection, in a transaction or alone.
    """
    wrong_mode = rules.wrong_mode(event_is_live=event.is_live, is_live=is_live)
    event_id = new_id()
    lock = rules.lock_of(event.provider, event.object, event.id)
    cursor = await connection.execute(
        _STORE,
        {
            "id": event_id,
            "provider": event.provider,
            "account": event.account,
            "event_id": event.id,
            "type": event.type,
            "kind": event.kind,
            "object": event.object,
            "our_id": event.our_id,
            "is_live": event.is_live,
            "api_version": event.api_version,
            "created_at": event.created_at,
            "now": now,
            "headers": Jsonb(rules.headers_to_keep(headers)),
            "body": body,
            "verified_with": event.verified_with,
            "source": source,
            "state": "stored" if wrong_mode is None else "ignored",
            "next_at": now if wrong_mode is None else None,
            "wrong_mode": wrong_mode,
            "done_at": None if wrong_mode is None else now,
            **jobs.values_of(PROCESS, Stored(id=event_id), lock=lock),
        },
    )
    row = await cursor.fetchone()
    if row is None:
        return "duplicate"
    return "stored" if row[0] == "stored" else "ignored"


async def _ask(session: AsyncSession, event_id: UUID, *, lock: str) -> None:
    await jobs.enqueue(session, PROCESS, Stored(id=event_id), lock=lock)


async def end(
    session: AsyncSession, event_id: UUID, state: Literal["done", "ignored"], *, reason: str | None, now: datetime
) -> None:
    """The event has been acted on, or needs no action."""
    await session.execute(
        update(InboundEventRow)
        .where(InboundEventRow.id == event_id, InboundEventRow.state.in_(WAITING))
        .values(state=state, attempts=InboundEventRow.attempts + 1, next_at=None, last_error=_told(reason), done_at=now)
    )


async def put_off(
    session: AsyncSession, event_id: UUID, *, reason: str, at_least: timedelta, now: datetime
) -> Literal["waiting", "dead"] | None:
    """Note why a try failed and when the next one is due; after three days the event is dead. None: over meanwhile."""
    row = await session.scalar(
        select(InboundEventRow)
        .where(InboundEventRow.id == event_id, InboundEventRow.state.in_(WAITING))
        .with_for_update()
    )
    if row is None:
        return None
    row.attempts += 1
    row.last_error = _told(reason)
    delay = rules.retry_delay(row.attempts)
    if delay is None:
        row.state, row.next_at = "dead", None
        return "dead"
    row.state, row.next_at = "waiting", now + max(delay, at_least)
    # No lock: a locked job that lies until its time would hold up the object's other events.
    await jobs.enqueue(session, WAKE, Stored(id=event_id), run_at=row.next_at)
    return "waiting"


def _told(reason: str | None) -> str | None:
    return reason.replace("\0", "")[:_ERROR_LENGTH_MAX] if reason is not None else None


async def wake(session: AsyncSession, event_id: UUID) -> None:
    """Ask for another try now, in line with the object's other events."""
    row = (
        await session.execute(
            select(InboundEventRow.provider, InboundEventRow.object_id, InboundEventRow.event_id).where(
                InboundEventRow.id == event_id, InboundEventRow.state.in_(WAITING)
            )
        )
    ).one_or_none()
    if row is not None:
        await _ask(session, event_id, lock=rules.lock_of(*row))


async def rescue(session: AsyncSession, *, due_before: datetime, now: datetime) -> int:
    """Ask again for events that were due before that time, at most 200: their job died or was lost. How many."""
    rows = await session.scalars(
        select(InboundEventRow)
        .where(InboundEventRow.state.in_(WAITING), InboundEventRow.next_at < due_before)
        .order_by(InboundEventRow.id)
        .limit(RESCUE_BATCH)
        .with_for_update(skip_locked=True)
    )
    count = 0
    for row in rows.all():
        row.next_at = now
        await _ask(session, row.id, lock=rules.lock_of(row.provider, row.object_id, row.event_id))
        count += 1
    return count


async def replay(
    session: AsyncSession, selection: Selection, *, after_id: UUID | None = None, now: datetime
) -> Replayed:
    """Let the oldest 200 of these events be acted on again, with all their tries. Harmless for those already done."""
    query = select(InboundEventRow).where(*selection.conditions())
    if after_id is not None:
        query = query.where(InboundEventRow.id > after_id)
    found = await session.scalars(query.order_by(InboundEventRow.id).limit(REPLAY_BATCH).with_for_update())
    rows = found.all()
    for row in rows:
        await _again(session, row, now)
    return Replayed(events=len(rows), last_id=rows[-1].id if len(rows) == REPLAY_BATCH else None)


async def replay_one(session: AsyncSession, event_id: UUID, *, now: datetime) -> bool:
    """Let one event be acted on again, whatever became of it; False if there is none."""
    row = await session.scalar(select(InboundEventRow).where(InboundEventRow.id == event_id).with_for_update())
    if row is None:
        return False
    await _again(session, row, now)
    return True


async def _again(session: AsyncSession, row: InboundEventRow, now: datetime) -> None:
    row.state, row.source, row.attempts, row.next_at, row.done_at = "stored", "replay", 0, now, None
    await _ask(session, row.id, lock=rules.lock_of(row.provider, row.object_id, row.event_id))


async def note_replay(
    session: AsyncSession,
    *,
    at: datetime,
    origin: Origin,
    actor_id: UUID | None,
    event_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write a replay, of one event or of a selection, to the audit record."""
    await audit.record(
        session,
        "inbound_event.replayed",
        at=at,
        origin=origin,
        actor_id=actor_id,
        target_id=event_id,
        details=details,
    )


async def empty_bodies(session: AsyncSession, *, before: datetime) -> int:
    """Empty the oldest 500 bodies that came before that time; how many."""
    old = (
        select(InboundEventRow.id)
        .where(InboundEventRow.body.is_not(None), InboundEventRow.received_at < before)
        .order_by(InboundEventRow.received_at)
        .limit(EMPTY_BATCH)
        .with_for_update(skip_locked=True)
        .cte("old")  # runs once, whatever the planner thinks of a subquery
    )
    emptied = await session.scalars(
        update(InboundEventRow)
        .where(InboundEventRow.id.in_(select(old.c.id)))
        .values(body=None)
        .returning(InboundEventRow.id)
    )
    ids: Sequence[UUID] = emptied.all()
    return len(ids)


async def note_swept(session: AsyncSession, provider: str, account: str, *, until: datetime) -> None:
    """That provider's own list has been read up to this moment."""
    mark = insert(InboundSweepRow).values(provider=provider, provider_account=account, swept_until=until)
    await session.execute(
        mark.on_conflict_do_update(
            index_elements=[InboundSweepRow.provider, InboundSweepRow.provider_account],
            set_={"swept_until": until},
        )
    )
