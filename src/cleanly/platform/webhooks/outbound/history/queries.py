"""Messages, deliveries and tries as frozen values, for people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.webhooks.outbound.models import AttemptRow, DeliveryRow, MessageRow
from cleanly.platform.webhooks.outbound.rules import DeliveryState, Outcome

__all__ = ["DeliveryState"]

# Each may hold 16 KiB of an answer, and a delivery may be tried again by hand without end.
ATTEMPTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one account."""

    id: UUID
    account_id: UUID
    type: str
    data: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """How a try ended, without the answer's text."""

    number: int
    started_at: datetime
    duration_ms: int
    outcome: Outcome
    status: int | None
    address: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try with what was answered: its first 16 KiB."""

    tried: Tried
    headers: Mapping[str, str] | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one endpoint, which may be gone by now. `last`: the newest try."""

    id: UUID
    position: int
    message_id: UUID
    endpoint_id: UUID
    account_id: UUID
    type: str
    state: DeliveryState
    tries: int
    published_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    last: Tried | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which deliveries; None means any."""

    account_id: UUID | None = None
    endpoint_id: UUID | None = None
    state: DeliveryState | None = None
    type: str | None = None
    since: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As SQL, over deliveries joined with their messages."""
        found: list[ColumnElement[bool]] = []
        if self.account_id is not None:
            found.append(DeliveryRow.account_id == self.account_id)
        if self.endpoint_id is not None:
            found.append(DeliveryRow.endpoint_id == self.endpoint_id)
        if self.state is not None:
            # Written into the statement: the index of what did not arrive serves only a state that the planner sees.
            found.append(DeliveryRow.state == literal(self.state, literal_execute=True))
        if self.type is not None:
            found.append(MessageRow.type == self.type)
        if self.since is not None:
            found.append(MessageRow.created_at >= self.since)
        return found


_MESSAGE = (MessageRow.id, MessageRow.account_id, MessageRow.type, MessageRow.data, MessageRow.created_at)
_DELIVERY = (
    DeliveryRow.id,
    DeliveryRow.position,
    DeliveryRow.message_id,
    DeliveryRow.endpoint_id,
    DeliveryRow.account_id,
    MessageRow.type,
    DeliveryRow.state,
    DeliveryRow.tries,
    MessageRow.created_at,
    DeliveryRow.due_at,
    DeliveryRow.done_at,
)
_TRIED = (
    AttemptRow.number,
    AttemptRow.started_at,
    AttemptRow.duration_ms,
    AttemptRow.outcome,
    AttemptRow.status,
    AttemptRow.address,
    AttemptRow.error,
)


async def messages(
    session: AsyncSession,
    account_id: UUID,
    *,
    kind: str | None = None,
    since: datetime | None = None,
    before: UUID | None = None,
    limit: int,
) -> Sequence[Message]:
    """An account's messages, newest first; `before` is the last id of the page before."""
    query = select(*_MESSAGE).where(MessageRow.account_id == account_id).order_by(MessageRow.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(MessageRow.type == kind)
    if since is not None:
        query = query.where(MessageRow.created_at >= since)
    if before is not None:
        query = query.where(MessageRow.id < before)
    return [Message(*row) for row in await session.execute(query)]


async def message(session: AsyncSession, message_id: UUID, *, account_id: UUID) -> Message | None:
    """One message of that account."""
    row = await session.execute(
        select(*_MESSAGE).where(MessageRow.id == message_id, MessageRow.account_id == account_id)
    )
    found = row.one_or_none()
    return None if found is None else Message(*found)


async def deliveries(
    session: AsyncSession, selection: Selection, *, before: int | None = None, limit: int
) -> Sequence[Delivery]:
    """Newest first, each with its newest try; `before` is the last position of the page before."""
    wanted = selection.conditions()
    if before is not None:
        wanted.append(DeliveryRow.position < before)
    return await _read(session, wanted, newest_first=True, limit=limit)


async def deliveries_of(session: AsyncSession, message_id: UUID, *, account_id: UUID) -> Sequence[Delivery]:
    """Where one message went."""
    return await _read(session, [DeliveryRow.message_id == message_id, DeliveryRow.account_id == account_id])


async def delivery(session: AsyncSession, delivery_id: UUID, *, account_id: UUID | None) -> Delivery | None:
    """One delivery of that account; `account_id` None: of any."""
    found = await _read(session, [DeliveryRow.id == delivery_id, *Selection(account_id=account_id).conditions()])
    return found[0] if found else None


async def _read(
    session: AsyncSession,
    wanted: Sequence[ColumnElement[bool]],
    *,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[Delivery]:
    order = DeliveryRow.position.desc() if newest_first else DeliveryRow.position
    query = select(*_DELIVERY).join(MessageRow, MessageRow.id == DeliveryRow.message_id).where(*wanted)
    rows = cast("Sequence[Sequence[Any]]", (await session.execute(query.order_by(order).limit(limit))).all())
    newest = await _newest_tries(session, [row[0] for row in rows])
    return [replace(Delivery(*row), last=newest.get(row[0])) for row in rows]


async def attempts(session: AsyncSession, delivery_id: UUID) -> Sequence[Attempt]:
    """The tries of a delivery, the first one first; of more than 100, which takes retries by hand, the newest."""
    rows = await session.execute(
        select(*_TRIED, AttemptRow.headers, AttemptRow.body)
        .where(AttemptRow.delivery_id == delivery_id)
        .order_by(AttemptRow.number.desc())
        .limit(ATTEMPTS_MAX)
    )
    return [Attempt(_tried(row[:7]), row[7], row[8]) for row in reversed(rows.all())]


async def _newest_tries(session: AsyncSession, delivery_ids: Collection[UUID]) -> dict[UUID, Tried]:
    if not delivery_ids:
        return {}
    rows = await session.execute(
        select(AttemptRow.delivery_id, *_TRIED)
        .ext(distinct_on(AttemptRow.delivery_id))
        .where(AttemptRow.delivery_id.in_(delivery_ids))
        .order_by(AttemptRow.delivery_id, AttemptRow.number.desc())
    )
    return {row[0]: _tried(row[1:]) for row in rows}


def _tried(values: Sequence[Any]) -> Tried:
    number, started_at, duration_ms, outcome, status, address, error = values
    return Tried(number, started_at, duration_ms, cast("Outcome", outcome), status, address, error)
