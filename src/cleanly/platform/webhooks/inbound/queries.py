"""The inbox as frozen values: for the job that acts on it, and for people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.messages import ProviderEvent
from cleanly.platform.webhooks.inbound.models import InboundEventRow, InboundSweepRow
from cleanly.platform.webhooks.inbound.rules import State

__all__ = ["State"]
WAITING: tuple[State, ...] = ("stored", "waiting")


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """One event and what became of it. `last_error`: why it failed last, or why it was ignored."""

    id: UUID
    provider: str
    provider_account: str
    event_id: str
    type: str
    object_kind: str
    object_id: str
    our_id: UUID | None
    livemode: bool
    source: str
    state: State
    attempts: int
    next_at: datetime | None
    last_error: str | None
    provider_created_at: datetime
    received_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Letter:
    """An event as it came: without what its headers had of secrets, and without a body once that was emptied."""

    event: InboundEvent
    api_version: str | None
    verified_with: str
    headers: dict[str, Any]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events; None means any."""

    state: State | None = None
    provider: str | None = None
    type: str | None = None
    since: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As SQL."""
        found: list[ColumnElement[bool]] = []
        if self.state is not None:
            found.append(InboundEventRow.state == self.state)
        if self.provider is not None:
            found.append(InboundEventRow.provider == self.provider)
        if self.type is not None:
            found.append(InboundEventRow.type == self.type)
        if self.since is not None:
            found.append(InboundEventRow.received_at >= self.since)
        return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How the inbox stands: the age of the oldest event that was not acted on, and how many wait for a person."""

    oldest_seconds: float
    dead: int


_COLUMNS = tuple(getattr(InboundEventRow, name) for name in InboundEvent.__dataclass_fields__)


async def to_act_on(session: AsyncSession, event_id: UUID) -> ProviderEvent | None:
    """The news in a stored event; None if it has been acted on."""
    row = await session.scalar(
        select(InboundEventRow).where(InboundEventRow.id == event_id, InboundEventRow.state.in_(WAITING))
    )
    if row is None:
        return None
    return ProviderEvent(
        provider=row.provider,
        account=row.provider_account,
        id=row.event_id,
        type=row.type,
        kind=row.object_kind,
        object=row.object_id,
        our_id=row.our_id,
        is_live=row.livemode,
        api_version=row.api_version,
        created_at=row.provider_created_at,
    )


async def page(
    session: AsyncSession, selection: Selection, *, before_id: UUID | None = None, limit: int
) -> Sequence[InboundEvent]:
    """Newest first; the next page begins before the last one's id."""
    query = select(*_COLUMNS).where(*selection.conditions()).order_by(InboundEventRow.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(InboundEventRow.id < before_id)
    return [InboundEvent(*row) for row in await session.execute(query)]


async def letter(session: AsyncSession, event_id: UUID) -> Letter | None:
    """One event with all that came with it."""
    row = await session.scalar(select(InboundEventRow).where(InboundEventRow.id == event_id))
    if row is None:
        return None
    values = {name: getattr(row, name) for name in InboundEvent.__dataclass_fields__}
    return Letter(
        event=InboundEvent(**values),
        api_version=row.api_version,
        verified_with=row.verified_with,
        headers=row.headers,
        body=row.body,
    )


async def known(session: AsyncSession, provider: str, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (account, event id) are in the inbox; others may come with them."""
    rows = await session.execute(
        select(InboundEventRow.provider_account, InboundEventRow.event_id).where(
            InboundEventRow.provider == provider,
            InboundEventRow.provider_account.in_({account for account, _ in keys}),  # or the key's index is no help
            InboundEventRow.event_id.in_([event_id for _, event_id in keys]),
        )
    )
    return {(account, event_id) for account, event_id in rows}


async def swept_until(session: AsyncSession, provider: str, account: str) -> datetime | None:
    """How far that provider's own list has been read; None if never."""
    return await session.scalar(
        select(InboundSweepRow.swept_until).where(
            InboundSweepRow.provider == provider, InboundSweepRow.provider_account == account
        )
    )


async def standing(session: AsyncSession, *, now: datetime) -> Standing:
    """For the gauges and the health job."""
    oldest = await session.scalar(
        select(func.min(InboundEventRow.received_at)).where(InboundEventRow.state.in_(WAITING))
    )
    dead = await session.scalar(select(func.count()).where(InboundEventRow.state == "dead"))
    seconds = max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0
    return Standing(oldest_seconds=seconds, dead=dead or 0)
