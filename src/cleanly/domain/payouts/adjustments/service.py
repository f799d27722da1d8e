"""Adjustments, inside the caller's transaction. Who is given a posting posts it, as the transaction's last statement.

Locks go adjustment, ledger.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import Place, Posting, chart
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payouts.adjustments import queries, rules
from cleanly.domain.payouts.adjustments.errors import SecondAdminNeeded
from cleanly.domain.payouts.adjustments.models import AdjustmentRow
from cleanly.domain.payouts.adjustments.queries import Adjustment, adjustment_of
from cleanly.domain.payouts.adjustments.rules import Kind, State
from cleanly.domain.users import queries as users
from cleanly.kernel.errors import NotFound
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit


@dataclass(frozen=True, slots=True)
class New:
    """What is asked for. `reason` stays with us, `description` is what the seller reads in the history."""

    seller_id: UUID
    kind: Kind
    money: Money
    reason: str
    description: str | None


async def ask(
    session: AsyncSession, new: New, *, alone_max: int, caller: Caller, origin: Origin, now: datetime
) -> tuple[Adjustment, Posting | None]:
    """Our row; with a posting if nobody else has to look at it.

    Raises:
        NotFound: no such seller. InsufficientBalance: by the caller's posting.
    """
    # One after the other per administrator: two at once must not each count as the only one.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"adjusts:{caller.user_id}", 0))))
    if await users.by_id(session, new.seller_id) is None:
        raise NotFound
    lately = await queries.alone_lately(session, caller.user_id, new.money.currency, since=now - rules.WINDOW)
    is_own = new.seller_id == caller.user_id
    needs_second = rules.needs_second(new.money.amount, lately=lately, alone_max=alone_max, is_own=is_own)
    row = AdjustmentRow(
        id=new_id(),
        seller_id=new.seller_id,
        kind=new.kind,
        currency=new.money.currency,
        amount=new.money.amount,
        reason=new.reason,
        description=new.description,
        state="pending" if needs_second else "posted",
        needs_second=needs_second,
        asked_by=caller.user_id,
        decided_at=None if needs_second else now,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    await _record(session, "asked" if needs_second else "posted", row, caller=caller, origin=origin, now=now)
    return adjustment_of(row), None if needs_second else await _posting(session, row)


async def decide(
    session: AsyncSession, adjustment_id: UUID, verdict: State, *, caller: Caller, origin: Origin, now: datetime
) -> tuple[Adjustment, Posting | None]:
    """Let a pending one happen (`posted`), or refuse it. Whoever asked may take it back, and no more than that.

    Raises:
        NotFound: no such adjustment. InvalidState: it is decided. SecondAdminNeeded.
    """
    row = await session.scalar(select(AdjustmentRow).where(AdjustmentRow.id == adjustment_id).with_for_update())
    if row is None:
        raise NotFound
    if row.state != "pending":
        raise InvalidState.of(row.state, "Only a pending adjustment can be decided")
    if verdict == "posted" and caller.user_id in {row.asked_by, row.seller_id}:
        raise SecondAdminNeeded
    row.state, row.decided_by, row.decided_at = verdict, caller.user_id, now
    await session.flush()
    action = "approved" if verdict == "posted" else "refused"
    await _record(session, action, row, caller=caller, origin=origin, now=now)
    return adjustment_of(row), await _posting(session, row) if verdict == "posted" else None


async def _posting(session: AsyncSession, row: AdjustmentRow) -> Posting:
    """The seller's balances are locked here: nothing else may be asked for before `post`."""
    # Nobody waits for these accounts with a balance locked, so they may be opened here.
    seller = chart.of_seller(row.seller_id, row.currency)
    platform = (Place(None, chart.ADJUSTMENTS, row.currency), Place(None, chart.BAD_DEBT, row.currency))
    opened = await ledger.open_accounts(session, *seller, *platform)
    ids = {place.account.name: one for place, one in zip((*seller, *platform), opened, strict=True)}
    held = await ledger.lock(session, (ids["available"], ids["receivable"]))
    moved = rules.lines(_kind(row), row.amount, owed=held[ids["receivable"]])
    return Posting(
        reference=f"write_off:{row.id}" if row.kind == "write_off" else f"adjustment:{row.id}",
        kind=rules.POSTED_AS[_kind(row)],
        currency=row.currency,
        entries=[(ids[name], amount) for name, amount in moved],
        source_id=row.id,
        meta={"label": row.description} if row.description else {},
    )


def _kind(row: AdjustmentRow) -> Kind:
    return adjustment_of(row).kind


async def _record(
    session: AsyncSession, verb: str, row: AdjustmentRow, *, caller: Caller, origin: Origin, now: datetime
) -> None:
    details = {
        "adjustmentId": str(row.id),
        "kind": row.kind,
        "amount": row.amount,
        "currency": row.currency,
        "reason": row.reason,
    }
    await audit.record(
        session,
        f"adjustment.{verb}",
        at=now,
        origin=origin,
        actor_id=caller.user_id,
        target_id=row.seller_id,
        details=details,
    )
