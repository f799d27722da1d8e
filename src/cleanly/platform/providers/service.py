"""Note an outgoing call before it is made and how it ended, inside the caller's transactions (MONEY.md 2.2).

The key is made here and stored with a fingerprint of the call's arguments. Its number rises only after a definite
refusal: until then the same call is made again under the same key, and never with other arguments.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.crypto import sha256
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.platform.providers.models import ProviderCallRow

CallEnd = Literal["succeeded", "refused", "unknown"]


class OtherArguments(RuntimeError):
    """The same key would carry other arguments: a fault of ours, never sent."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make now. `attempt` 1 is the first."""

    id: UUID
    key: str
    attempt: int


async def begin_call(
    session: AsyncSession,
    *,
    provider: str,
    operation: str,
    subject_id: UUID,
    money: Money | None,
    now: datetime,
) -> Call:
    """The open call of this operation on this subject, or a new one. The subject's row must be locked.

    Raises:
        OtherArguments: it is open with another amount or provider.
    """
    fingerprint = sha256(f"{provider}\0{operation}\0{subject_id}\0{money}".encode())
    last = await session.scalar(
        select(ProviderCallRow)
        .where(ProviderCallRow.operation == operation, ProviderCallRow.subject_id == subject_id)
        .order_by(ProviderCallRow.attempt.desc())
        .limit(1)
    )
    if last is not None and last.state != "refused":
        if last.request_sha256 != fingerprint:
            raise OtherArguments(f"{operation} of {subject_id}")
        return Call(last.id, last.key, last.attempt)
    attempt = 1 if last is None else last.attempt + 1
    row = ProviderCallRow(
        id=new_id(),
        provider=provider,
        operation=operation,
        subject_id=subject_id,
        attempt=attempt,
        key=f"{operation}:{subject_id}:{attempt}",
        request_sha256=fingerprint,
        amount=None if money is None else money.amount,
        currency=None if money is None else money.currency,
        state="started",
        started_at=now,
    )
    session.add(row)
    await session.flush()
    return Call(row.id, row.key, attempt)


async def end_call(
    session: AsyncSession,
    call_id: UUID,
    end: CallEnd,
    *,
    now: datetime,
    provider_object: str | None = None,
    error_code: str | None = None,
) -> None:
    """Write down how a call ended. What succeeded stays succeeded: a late doubt changes nothing."""
    await session.execute(
        update(ProviderCallRow)
        .where(ProviderCallRow.id == call_id, ProviderCallRow.state != "succeeded")
        .values(state=end, provider_object=provider_object, error_code=error_code, finished_at=now)
    )
