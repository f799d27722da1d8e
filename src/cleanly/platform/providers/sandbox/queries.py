"""What is read of the sandbox's world. Takes no lock."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.providers.protocol import Balance, StoredEvent
from cleanly.platform.providers.sandbox import events
from cleanly.platform.providers.sandbox.models import SandboxCounter, SandboxEvent, SandboxObject, SandboxPlan
from cleanly.platform.providers.sandbox.objects import BookEntry, Stored

S = TypeVar("S", bound=Stored)
CLOCK = "clock"


async def ahead(session: AsyncSession) -> timedelta:
    """How far the sandbox's time runs ahead of ours."""
    seconds = await session.scalar(select(SandboxCounter.value).where(SandboxCounter.name == CLOCK))
    return timedelta(seconds=seconds or 0)


async def find(session: AsyncSession, kind: type[S], object_id: str) -> S | None:
    """The object with this id."""
    data = await session.scalar(
        select(SandboxObject.data).where(
            SandboxObject.id == object_id, SandboxObject.id.startswith(f"{kind.prefix}_", autoescape=True)
        )
    )
    return None if data is None else kind.model_validate(data)


async def find_ours(session: AsyncSession, kind: type[S], our_id: UUID, *, parent: str | None = None) -> S | None:
    """The newest object of this kind that carries our id."""
    query = select(SandboxObject.data).where(
        SandboxObject.our_id == our_id, SandboxObject.id.startswith(f"{kind.prefix}_", autoescape=True)
    )
    if parent is not None:
        query = query.where(SandboxObject.parent == parent)
    data = await session.scalar(query.order_by(SandboxObject.number.desc()).limit(1))
    return None if data is None else kind.model_validate(data)


async def entries(session: AsyncSession, *, since: datetime, after: int, limit: int) -> list[tuple[int, BookEntry]]:
    """Lines of the books with their numbers, oldest first."""
    rows = await session.execute(
        select(SandboxObject.number, SandboxObject.data)
        .where(SandboxObject.kind == "entry", SandboxObject.created_at >= since, SandboxObject.number > after)
        .order_by(SandboxObject.number)
        .limit(limit)
    )
    return [(number, BookEntry.model_validate(data)) for number, data in rows]


async def listed(session: AsyncSession, *, since: datetime, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
    """Events with their numbers, oldest first, whether they were pushed or not."""
    rows = await session.execute(
        select(SandboxEvent.number, SandboxEvent.body)
        .where(SandboxEvent.created_at >= since, SandboxEvent.number > after)
        .order_by(SandboxEvent.number)
        .limit(limit)
    )
    return [(number, StoredEvent(event=events.read(body), body=body)) for number, body in rows]


async def balance(session: AsyncSession, *, now: datetime) -> Balance:
    """What is held per currency, by the books."""
    is_available = SandboxObject.data["available_on"].astext.cast(DateTime(timezone=True)) <= now
    currency = SandboxObject.data["currency"].astext
    rows = await session.execute(
        select(currency, is_available, func.sum(SandboxObject.data["net"].astext.cast(BigInteger)))
        .where(SandboxObject.kind == "entry")
        .group_by(currency, is_available)
        .order_by(currency)
    )
    sums = [(str(name), bool(free), int(net)) for name, free, net in rows]
    return Balance(
        available={name: net for name, free, net in sums if free},
        pending={name: net for name, free, net in sums if not free},
    )


async def next_due(session: AsyncSession) -> datetime | None:
    """The sandbox's time at which something happens next; it may be past."""
    plan = await session.scalar(select(func.min(SandboxPlan.due_at)))
    push = await session.scalar(select(func.min(SandboxEvent.due_at)))
    soonest = min((found for found in (plan, push) if found is not None), default=None)
    return None if soonest is None else soonest.astimezone(UTC)


async def has_due_plan(session: AsyncSession, *, now: datetime) -> bool:
    """Whether something should have happened by now."""
    return await session.scalar(select(SandboxPlan.id).where(SandboxPlan.due_at <= now).limit(1)) is not None
