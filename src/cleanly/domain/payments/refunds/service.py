"""Refunds, inside the caller's transaction. Locks go payment, refund, ledger, in that order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.payments import books, covering, entitling, messages, rules
from cleanly.domain.payments import service as payments
from cleanly.domain.payments.disputes import queries as disputes
from cleanly.domain.payments.errors import InvalidState, TooMuch
from cleanly.domain.payments.models import PaymentRow
from cleanly.domain.payments.postings import Lines
from cleanly.domain.payments.refunds import booking
from cleanly.domain.payments.refunds.models import RefundRow
from cleanly.domain.payments.refunds.queries import Refund, refund_of
from cleanly.kernel.errors import NotFound
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.platform.cache.service import Cache
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.protocol import RefundSnapshot

# With nobody in `asked_by`: the refund of money that came after the payment was given up.
LATE_CAPTURE = "late_capture"


async def ask(
    session: AsyncSession,
    payment_id: UUID,
    *,
    refund_id: UUID,
    amount: int | None,
    reason: str | None,
    by: UUID | None,
    now: datetime,
) -> Refund:
    """Set the amount aside under the payment's lock, so that all ways to refund share one cap. None: all that is left.

    Raises:
        InvalidState: not captured, or disputed. TooMuch: more than is left.
    """
    row = await payments.lock(session, payment_id)
    if row.state != "captured":
        raise InvalidState.of(row.state, "Only a captured payment can be refunded")
    if await disputes.is_money_gone(session, payment_id):
        raise InvalidState.of("disputed", "The payment is disputed: its money is with the bank")
    left = row.captured_amount - row.refunding_amount - row.refunded_amount
    wanted = left if amount is None else amount
    if not 0 < wanted <= left:
        raise TooMuch(details={"left": left, "currency": row.currency})
    row.refunding_amount += wanted
    refund = RefundRow(
        id=refund_id,
        payment_id=payment_id,
        provider=row.provider,
        provider_account=row.provider_account,
        state="created",
        currency=row.currency,
        amount=wanted,
        reason=reason,
        asked_by=by,
        check_at=now + rules.CALL_TIME,
        created_at=now,
        updated_at=now,
    )
    session.add(refund)
    await payments.tell(session, row, messages.REFUND_CREATED, refundId=str(refund_id))
    await session.flush()
    await session.refresh(refund)
    return refund_of(refund)


async def adopt(session: AsyncSession, payment_id: UUID, seen: RefundSnapshot, *, now: datetime) -> UUID:
    """A refund made in the provider's dashboard gets its row, under the same cap.

    Raises:
        TooMuch: the provider gave back more than was captured; nothing is booked, a person decides.
    """
    row = await payments.lock(session, payment_id)
    known: UUID | None = await session.scalar(
        select(RefundRow.id).where(
            RefundRow.provider == row.provider,
            RefundRow.provider_account == row.provider_account,
            RefundRow.provider_refund_id == seen.reference,
        )
    )
    if known is not None:
        return known
    left = row.captured_amount - row.refunding_amount - row.refunded_amount
    if seen.money.currency != row.currency or not 0 < seen.money.amount <= left:
        raise TooMuch(details={"left": left, "currency": row.currency})
    row.refunding_amount += seen.money.amount
    refund_id = new_id()
    await payments.tell(session, row, messages.REFUND_CREATED, refundId=str(refund_id))
    await session.flush()
    await session.execute(
        insert(RefundRow).values(
            id=refund_id,
            payment_id=payment_id,
            provider=row.provider,
            provider_account=row.provider_account,
            provider_refund_id=seen.reference,
            state="created",
            currency=row.currency,
            amount=seen.money.amount,
            reason="provider",
            created_at=now,
            updated_at=now,
        )
    )
    return refund_id


@dataclass(frozen=True, slots=True)
class Applied:
    """What a snapshot did to a refund."""

    state: str
    is_mismatch: bool = False


async def apply(
    session: AsyncSession, cache: Cache, refund_id: UUID, seen: RefundSnapshot, *, revision: int, now: datetime
) -> Applied | None:
    """Carry out what a snapshot means; None: stale. Posts to the ledger as its last statement."""
    payment, refund = await lock(session, refund_id)
    if refund.revision != revision:
        return None
    is_ours = seen.our_id in {None, refund.id} and refund.provider_refund_id in {None, seen.reference}
    if not is_ours or seen.money != Money(refund.amount, refund.currency):
        refund.check_at = None  # looking again does not help: a person decides
        return Applied(refund.state, is_mismatch=True)
    if refund.provider_refund_id is None:
        # Whoever asked may not have lived to hear the answer.
        await calls.end_open_calls(session, ("refund",), refund.id, lambda _: "succeeded", now=now)
    refund.provider_refund_id = seen.reference
    bookings = await _move(
        session, payment, refund, seen.state, failure_code=seen.failure_code, came_back=seen.came_back
    )
    refund.revision += 1
    refund.updated_at = now
    refund.checks += 1
    refund.check_at = now + timedelta(days=1) if refund.state == "pending" else None
    await session.flush()
    if bookings:
        await entitling.settle(session, cache, payment, now=now)
        await ledger.post(session, *bookings)
    return Applied(refund.state)


async def _move(
    session: AsyncSession,
    payment: PaymentRow,
    refund: RefundRow,
    state: Literal["pending", "succeeded", "failed"],
    *,
    failure_code: str | None,
    came_back: bool,
) -> list[ledger.Posting]:
    if refund.state == "failed" or (refund.state == "succeeded" and state == "pending"):
        return []  # over, or older news: a refund that failed is never un-failed, it is made anew
    before, refund.state = refund.state, state
    refund.failure_code = failure_code
    if state not in {before, "pending"}:
        kind = messages.REFUND_SUCCEEDED if state == "succeeded" else messages.REFUND_FAILED
        await payments.tell(session, payment, kind, refundId=str(refund.id))
    if state == "failed" and not (refund.is_booked or came_back):
        payment.refunding_amount -= refund.amount
        return []
    steps: dict[str, Lines] = {}
    if state == "failed":
        await books.lock_holds(session, payment, payment.seller_left + refund.seller_part)
    if not refund.is_booked:
        steps["made"] = await booking.take(session, payment, refund)
    if state == "failed":
        steps["failed"] = await booking.give_back(session, payment, refund, before=steps.values())
    bookings = [await booking.posting(session, payment, refund, step, lines) for step, lines in steps.items()]
    if state == "failed":
        await session.flush()
        bookings += await covering.cover(session, payment, cause=refund.id, before=steps.values())
    return bookings


async def lock(session: AsyncSession, refund_id: UUID) -> tuple[PaymentRow, RefundRow]:
    """The payment's row, then the refund's: every move of a refund goes through these locks.

    Raises:
        NotFound: no such refund.
    """
    payment_id = await session.scalar(select(RefundRow.payment_id).where(RefundRow.id == refund_id))
    if payment_id is None:
        raise NotFound
    payment = await payments.lock(session, payment_id)
    refund = await session.scalar(select(RefundRow).where(RefundRow.id == refund_id).with_for_update())
    if refund is None:
        raise NotFound
    return payment, refund


async def refuse(session: AsyncSession, refund_id: UUID, code: str, *, now: datetime) -> None:
    """The provider definitely refused: what was set aside is free again."""
    payment, refund = await lock(session, refund_id)
    if refund.state in {"created", "unknown"}:
        await _move(session, payment, refund, "failed", failure_code=code, came_back=False)
        refund.revision += 1
        refund.check_at, refund.updated_at = None, now


async def look_again(session: AsyncSession, refund_id: UUID, at: datetime) -> None:
    """One look was not enough for a new attempt. The second is no try of its own."""
    _, refund = await lock(session, refund_id)
    refund.check_at = at if refund.check_at is None else min(at, refund.check_at)
    refund.checks = max(0, refund.checks - 1)


async def doubt(session: AsyncSession, refund_id: UUID, *, now: datetime) -> None:
    """A call went out and no answer came: the janitor asks again."""
    _, refund = await lock(session, refund_id)
    if refund.state == "created":
        refund.state, refund.check_at, refund.updated_at = "unknown", now + rules.CALL_TIME, now
        refund.checks = 0


async def looked_in_vain(session: AsyncSession, refund_id: UUID, *, now: datetime) -> None:
    """The provider has nothing by our id, which proves nothing: look again later, at last leave it to a person."""
    _, refund = await lock(session, refund_id)
    if refund.state in {"created", "unknown"}:
        refund.state, refund.updated_at = "unknown", now
        refund.checks += 1
        refund.check_at = rules.next_check(
            "unknown", refund.checks, now=now, created_at=refund.created_at, authorized_until=None
        )


async def put_off(session: AsyncSession, refund_id: UUID, *, now: datetime) -> None:
    """No look shows it, so that looking often helps nobody: by the usual pauses, then daily until a person has come."""
    _, refund = await lock(session, refund_id)
    if refund.check_at is not None:
        refund.checks += 1
        refund.check_at = rules.next_look(refund.checks, now=now)


async def of_late_capture(session: AsyncSession, payment_id: UUID, *, now: datetime) -> Refund | None:
    """The refund of money that came after the payment was given up, opened once. None: nothing is left to give back.

    Raises:
        InvalidState: a dispute has the money.
    """
    row = await payments.lock(session, payment_id)
    known = await session.scalar(
        select(RefundRow).where(
            RefundRow.payment_id == payment_id, RefundRow.reason == LATE_CAPTURE, RefundRow.asked_by.is_(None)
        )
    )
    if known is not None:
        return refund_of(known)
    if row.captured_amount == row.refunding_amount + row.refunded_amount:
        return None
    return await ask(session, payment_id, refund_id=new_id(), amount=None, reason=LATE_CAPTURE, by=None, now=now)


async def claim_due(session: AsyncSession, *, now: datetime, limit: int) -> list[UUID]:
    """Refunds whose time to be looked at has come, put off a little."""
    rows = await session.scalars(
        select(RefundRow)
        .where(RefundRow.check_at <= now)
        .order_by(RefundRow.check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(rows)
    for row in found:
        row.check_at = now + timedelta(minutes=5)
    return [row.id for row in found]
