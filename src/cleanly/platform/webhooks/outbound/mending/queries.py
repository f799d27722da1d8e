"""What a replay would send again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.webhooks.outbound.models import DeliveryRow, EndpointRow, MessageRow

# `missing`: never on its way, for it was published before the endpoint was there, or asked for such events.
Replayable = Literal["failed", "skipped", "succeeded", "missing"]
COUNTED_MAX = 100_000
# Ids sort by when they were drawn, `created_at` is when the transaction began: they may differ by its length.
_SLACK = timedelta(hours=1)
_NIL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of an endpoint's messages; `types` are the events that it asks for, `until` is not included."""

    account_id: UUID
    endpoint_id: UUID
    types: tuple[str, ...]
    states: tuple[Replayable, ...]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One message to send again; `delivery_id` is None if it was never on its way."""

    message_id: UUID
    delivery_id: UUID | None
    state: Replayable
    type: str
    data: Mapping[str, Any]


async def owner_of(session: AsyncSession, endpoint_id: UUID) -> UUID | None:
    """Whose endpoint it is; for operators, who know no account."""
    return await session.scalar(select(EndpointRow.account_id).where(EndpointRow.id == endpoint_id))


async def start_of(session: AsyncSession, selection: Selection) -> UUID:
    """After which message to begin. Looks back from the newest, so it costs what is replayed and not what is kept."""
    found = await session.scalar(
        select(MessageRow.id)
        .where(MessageRow.account_id == selection.account_id, MessageRow.created_at + _SLACK < selection.since)
        .order_by(MessageRow.id.desc())
        .limit(1)
    )
    return found or _NIL


async def replayable(session: AsyncSession, selection: Selection, *, after: UUID, limit: int) -> Sequence[Found]:
    """The next ones, oldest first."""
    rows: Sequence[Sequence[Any]] = (
        await session.execute(
            select(MessageRow.id, DeliveryRow.id, _STATE, MessageRow.type, MessageRow.data)
            .outerjoin(DeliveryRow, _going_to(selection))
            .where(*_conditions(selection, after))
            .order_by(MessageRow.id)
            .limit(limit)
        )
    ).all()
    return [Found(*row) for row in rows]


async def count(session: AsyncSession, selection: Selection) -> dict[Replayable, int]:
    """How many in each state; counting stops at 100,000 in all."""
    start = await start_of(session, selection)
    some = (
        select(_STATE.label("state"))
        .select_from(MessageRow)
        .outerjoin(DeliveryRow, _going_to(selection))
        .where(*_conditions(selection, start))
        .limit(COUNTED_MAX)
        .subquery()
    )
    rows = await session.execute(select(some.c.state, func.count()).group_by(some.c.state))
    return {cast("Replayable", row[0]): row[1] for row in rows}


_STATE = func.coalesce(DeliveryRow.state, "missing")


def _going_to(selection: Selection) -> ColumnElement[bool]:
    return and_(DeliveryRow.message_id == MessageRow.id, DeliveryRow.endpoint_id == selection.endpoint_id)


def _conditions(selection: Selection, after: UUID) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [DeliveryRow.state.in_([one for one in selection.states if one != "missing"])]
    if "missing" in selection.states:
        wanted.append(and_(DeliveryRow.id.is_(None), MessageRow.type.in_(selection.types)))
    return [
        MessageRow.account_id == selection.account_id,
        MessageRow.id > after,
        MessageRow.created_at >= selection.since,
        MessageRow.created_at < selection.until,
        or_(*wanted),
    ]
