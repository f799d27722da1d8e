"""What a payment waits for, and when it is looked at again. The row is locked by whoever calls."""

from datetime import datetime
from functools import partial
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments import rules
from cleanly.domain.payments.models import PaymentRow
from cleanly.domain.payments.rules import State
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.protocol import PaymentSnapshot


def looked(row: PaymentRow, *, now: datetime, has_moved: bool) -> None:
    """It was looked at: the next look's time is chosen by where it stands."""
    row.revision += 1
    row.looked_at = row.updated_at = now
    row.checks = 0 if has_moved else row.checks + 1
    row.check_at = rules.next_check(
        cast("State", row.state),
        row.checks,
        now=now,
        created_at=row.created_at,
        authorized_until=row.authorized_until,
    )


async def end_calls(session: AsyncSession, row: PaymentRow, seen: PaymentSnapshot, *, now: datetime) -> None:
    """A look answers calls whose own answer never came; what it does not answer is looked into again."""
    judge = partial(rules.answered, seen=seen.state)
    for call in await calls.end_open_calls(session, rules.OPERATIONS, row.id, judge, now=now):
        expect(row, call, now=now)


def expect(row: PaymentRow, call: calls.Call, *, now: datetime) -> None:
    """The janitor looks in time if no answer to this call comes; who else looks does not put that off."""
    look_by(row, rules.next_try(call.started_at, asked_at=call.asked_at), now=now)


def look_again(row: PaymentRow, at: datetime, *, now: datetime) -> None:
    """One look was not enough for a new attempt. The second is no try of its own."""
    look_by(row, at, now=now)
    row.checks = max(0, row.checks - 1)


def put_off(row: PaymentRow, *, now: datetime) -> None:
    """No look shows it, so that looking every minute helps nobody: by ever longer pauses, unless more is planned."""
    if row.check_at is not None and row.check_at <= now + rules.CALL_TIME:
        row.checks += 1
        row.check_at = rules.next_look(row.checks, now=now)


def in_doubt(row: PaymentRow, checks: int, *, now: datetime) -> datetime | None:
    """When to look next after so many looks in vain; None: it is a person's by now."""
    return rules.next_check("unknown", checks, now=now, created_at=row.created_at, authorized_until=None)


async def claim_due(session: AsyncSession, *, now: datetime, limit: int) -> list[UUID]:
    """Payments whose time to be looked at has come; each is put off a little, so that two janitors share the work."""
    rows = await session.scalars(
        select(PaymentRow)
        .where(PaymentRow.check_at <= now)
        .order_by(PaymentRow.check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(rows)
    for row in found:
        row.check_at = now + rules.CALL_TIME
    return [row.id for row in found]


def look_by(row: PaymentRow, at: datetime | None, *, now: datetime) -> None:
    """Look at that time, or sooner if that was planned."""
    if at is not None and (row.check_at is None or row.check_at <= now or at < row.check_at):
        row.check_at = at
