"""Note an outgoing call before it is made and how it ended, inside the caller's transactions (MONEY.md 2.2).

The key is made here and stored with a fingerprint of the call's arguments. Its number rises only when the call
surely did not happen: until then the same call is made again under the same key, and never with other arguments.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.crypto import sha256
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.platform.providers import rules
from cleanly.platform.providers.models import ProviderCallRow
from cleanly.platform.providers.rules import Again

CallEnd = Literal["succeeded", "refused", "unknown"]
# Two looks, the key being too old to be used again, found nothing of it: it is taken for refused.
NEVER_ARRIVED = "never_arrived"
DOUBTED_AFTER = timedelta(seconds=60)
DOUBTS_MAX = 1_000
# As text, word for word as the index of open calls has it: a parameter would hide from the planner that they agree.
_IS_OPEN = text("provider_calls.state IN ('started', 'unknown')")


class Callee(Protocol):
    """What must be known of whoever is called."""

    @property
    def name(self) -> str:
        """By which it is known here."""
        ...

    @property
    def key_memory(self) -> timedelta:
        """How long the same key is surely taken for the same call."""
        ...


class OtherArguments(RuntimeError):
    """The same key would carry other arguments: a fault of ours, never sent."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is noted. `attempt` 1 is the first; `money` what it asks for, if it moves any."""

    id: UUID
    operation: str
    key: str
    attempt: int
    state: str
    money: Money | None
    error_code: str | None
    started_at: datetime
    asked_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The key is too old to be used again, and one look is not enough for a new one: look once more, not before."""

    at: datetime


async def begin_call(
    session: AsyncSession,
    provider: Callee,
    operation: str,
    subject_id: UUID,
    money: Money | None,
    *,
    now: datetime,
    key_memory: timedelta | None = None,
) -> Call | LookAgain:
    """The call to make now: the open one of this operation on this subject, or a new one.

    `key_memory`: of this operation, if it is another than the provider's.

    The subject's row must be locked; and if the call is open for longer than a minute, a look at the provider must
    just have shown nothing of it.

    Raises:
        OtherArguments: it is open with another amount or provider.
    """
    fingerprint = sha256(f"{provider.name}\0{operation}\0{subject_id}\0{money}".encode())
    last = await _last(session, operation, subject_id)
    if last is not None and last.state != "refused":
        if last.request_sha256 != fingerprint:
            raise OtherArguments(f"{operation} of {subject_id}")
        match rules.judge(last.started_at, last.missed_at, key_memory=key_memory or provider.key_memory, now=now):
            case Again.SAME_KEY:
                last.asked_at = now
                return _call_of(last)
            case Again.LOOK_AGAIN:
                missed_at = last.missed_at or now
                last.missed_at = missed_at
                return LookAgain(missed_at + rules.LOOKS_APART)
            case Again.NEW_KEY:
                if last.state != "succeeded":
                    last.state, last.error_code, last.finished_at = "refused", NEVER_ARRIVED, now
                # One call of an operation is open at a time: the old one ends before the new one is written.
                await session.flush()
    attempt = 1 if last is None else last.attempt + 1
    row = ProviderCallRow(
        id=new_id(),
        provider=provider.name,
        operation=operation,
        subject_id=subject_id,
        attempt=attempt,
        key=f"{operation}:{subject_id}:{attempt}",
        request_sha256=fingerprint,
        amount=None if money is None else money.amount,
        currency=None if money is None else money.currency,
        state="started",
        started_at=now,
        asked_at=now,
    )
    session.add(row)
    await session.flush()
    return _call_of(row)


async def end_call(
    session: AsyncSession,
    call_id: UUID,
    end: CallEnd,
    *,
    now: datetime,
    provider_object: str | None = None,
    error_code: str | None = None,
) -> None:
    """Write down how a call ended. Only an open call is doubted or refused: a late doubt changes nothing."""
    await session.execute(
        update(ProviderCallRow)
        .where(ProviderCallRow.id == call_id, ProviderCallRow.state != "succeeded" if end == "succeeded" else _IS_OPEN)
        .values(state=end, provider_object=provider_object, error_code=error_code, finished_at=now)
    )


async def last_call(session: AsyncSession, operation: str, subject_id: UUID) -> Call | None:
    """The newest call of this operation on this subject, however it ended."""
    row = await _last(session, operation, subject_id)
    return None if row is None else _call_of(row)


async def open_calls(session: AsyncSession, operations: Collection[str], subject_id: UUID) -> list[Call]:
    """The calls of these operations on this subject that have no answer, oldest first."""
    rows = await session.scalars(
        select(ProviderCallRow)
        # With the operations named the index of open calls finds them.
        .where(ProviderCallRow.operation.in_(operations), ProviderCallRow.subject_id == subject_id, _IS_OPEN)
        .order_by(ProviderCallRow.started_at, ProviderCallRow.id)
    )
    return [_call_of(row) for row in rows]


async def open_call(session: AsyncSession, operation: str, subject_id: UUID) -> Call | None:
    """The call of this operation on this subject that has no answer."""
    row = await _last(session, operation, subject_id)
    return _call_of(row) if row is not None and row.state in {"started", "unknown"} else None


async def end_open_calls(
    session: AsyncSession,
    operations: Collection[str],
    subject_id: UUID,
    judge: Callable[[str], CallEnd | None],
    *,
    now: datetime,
) -> list[Call]:
    """End what a look at the subject has answered, as `judge` says by operation; returns what is open still.

    The subject's row must be locked.
    """
    left: list[Call] = []
    for call in await open_calls(session, operations, subject_id):
        end = judge(call.operation)
        if end is None:
            left.append(call)
        else:
            await end_call(session, call.id, end, now=now, error_code=None if end == "succeeded" else "overtaken")
    return left


async def doubt_old_calls(session: AsyncSession, *, now: datetime) -> int:
    """Calls that were started a minute ago and never ended: whoever made them is gone. Returns how many."""
    old = (
        select(ProviderCallRow.id)
        .where(
            _IS_OPEN,
            ProviderCallRow.state == "started",
            ProviderCallRow.started_at <= now - DOUBTED_AFTER,
        )
        .limit(DOUBTS_MAX)
        .with_for_update(skip_locked=True)
        .cte("old")  # runs once, whatever the planner thinks of a subquery
    )
    doubted = await session.scalars(
        update(ProviderCallRow)
        .where(ProviderCallRow.id.in_(select(old.c.id)))
        .values(state="unknown", finished_at=now)
        .returning(ProviderCallRow.id)
    )
    return len(doubted.all())


async def _last(session: AsyncSession, operation: str, subject_id: UUID) -> ProviderCallRow | None:
    found: ProviderCallRow | None = await session.scalar(
        select(ProviderCallRow)
        .where(ProviderCallRow.operation == operation, ProviderCallRow.subject_id == subject_id)
        .order_by(ProviderCallRow.attempt.desc())
        .limit(1)
    )
    return found


def _call_of(row: ProviderCallRow) -> Call:
    return Call(
        id=row.id,
        operation=row.operation,
        key=row.key,
        attempt=row.attempt,
        state=row.state,
        money=None if row.amount is None or row.currency is None else Money(row.amount, row.currency),
        error_code=row.error_code,
        started_at=row.started_at,
        asked_at=row.asked_at or row.started_at,
        finished_at=row.finished_at,
    )
