"""One transaction in the sandbox's world: what time it is there, its objects, news and plans.

Whoever enters waits for whoever is inside: one at a time is what makes its ids and its order the same every run.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.providers.sandbox import events, queries, rules
from cleanly.platform.providers.sandbox.events import Subject
from cleanly.platform.providers.sandbox.models import SandboxCounter, SandboxEvent, SandboxObject, SandboxPlan
from cleanly.platform.providers.sandbox.objects import BookEntry, Payment, Stored, dump
from cleanly.platform.providers.sandbox.rules import Fate
from cleanly.platform.providers.sandbox.seller_objects import Payout, SellerAccount
from cleanly.platform.providers.sandbox.subscribed import Subscription

S = TypeVar("S", bound=Stored)


@dataclass(slots=True)
class World:
    """`now` is the sandbox's time. `dues`: when this transaction's news and plans are due, by that time."""

    session: AsyncSession
    now: datetime
    ahead: timedelta
    available_after: timedelta = rules.AVAILABLE_AFTER
    dues: set[datetime] = field(default_factory=set[datetime])
    news_comes_first: bool = False

    async def find(self, kind: type[S], object_id: str) -> S | None:
        """The object with this id, as it is now: nobody else can change it before this transaction ends."""
        return await queries.find(self.session, kind, object_id)

    async def mint(self, prefix: str) -> str:
        """The next id of this kind."""
        return f"{prefix}_{await self._count(prefix):06d}"

    async def put(self, thing: S) -> S:
        """Keep an object, new or changed."""
        statement = insert(SandboxObject).values(
            id=thing.id,
            kind=dump(thing)["kind"],
            number=int(thing.id.rpartition("_")[2]),
            our_id=thing.our_id,
            parent=thing.parent,
            data=dump(thing),
            created_at=self.now,
        )
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[SandboxObject.id], set_={SandboxObject.data: statement.excluded.data}
            )
        )
        return thing

    async def book(self, kind: str, source: str, gross: int, currency: str, *, fee: int = 0) -> BookEntry:
        """Write a line into the books."""
        entry = BookEntry.model_validate(
            {
                "id": await self.mint(BookEntry.prefix),
                "type": kind,
                "source": source,
                "gross": gross,
                "fee": fee,
                "net": gross - fee,
                "currency": currency,
                "created_at": self.now,
                "available_on": self.now + self.available_after,
            }
        )
        return await self.put(entry)

    async def tell(self, payment: Payment | Subscription | SellerAccount | Payout, kind: str, subject: Subject) -> None:
        """Make news of type `kind` about a payment or what hangs on it; the payment's fate says how it travels.

        What hangs on no payment stands in its place.
        """
        earlier = await self.session.scalar(
            select(func.count()).select_from(SandboxEvent).where(SandboxEvent.payment == payment.id)
        )
        due_at = rules.push_at(payment.fate, subject.kind, earlier=earlier or 0, now=self.now)
        number = await self._count("evt")
        self.session.add(
            SandboxEvent(
                number=number,
                type=kind,
                payment=payment.id,
                body=events.write(number, kind, subject, now=self.now),
                copies=2 if payment.fate is Fate.EVENTS_TWICE else 1,
                attempts=0,
                created_at=self.now,
                due_at=due_at,
            )
        )
        await self.session.flush()
        if due_at is not None:
            self.dues.add(due_at)
        self.news_comes_first |= payment.fate is Fate.EVENT_FIRST

    async def plan(self, after: timedelta, action: str, subject: Stored) -> None:
        """Let something happen by itself."""
        due_at = self.now + after
        self.session.add(SandboxPlan(due_at=due_at, action=action, object_id=subject.id))
        await self.session.flush()
        self.dues.add(due_at)

    async def _count(self, name: str) -> int:
        return await _add(self.session, name, 1)


async def enter(session: AsyncSession, now: datetime, *, available_after: timedelta) -> World:
    """Wait for the world to be free, then hold it to the transaction's end; `now` is our own time."""
    ahead = timedelta(seconds=await _add(session, queries.CLOCK, 0))
    return World(session, now + ahead, ahead, available_after)


async def run_ahead(session: AsyncSession, by: timedelta) -> timedelta:
    """Move the sandbox's clock forward, by whole seconds; how far ahead of ours it is then."""
    return timedelta(seconds=await _add(session, queries.CLOCK, int(by.total_seconds())))


async def _add(session: AsyncSession, name: str, by: int) -> int:
    statement = insert(SandboxCounter).values(name=name, value=by)
    # The update happens even when it adds nothing: it is the lock.
    total: int | None = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[SandboxCounter.name], set_={SandboxCounter.value: SandboxCounter.value + literal(by)}
        ).returning(SandboxCounter.value)
    )
    if total is None:
        raise RuntimeError("the counter gave no number")
    return total
