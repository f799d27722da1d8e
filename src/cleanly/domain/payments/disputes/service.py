"""Disputes, inside the caller's transaction. Each movement of money is booked once, by its own reference."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import chart
from cleanly.domain.payments import books, covering, entitling, messages, postings, rules
from cleanly.domain.payments import service as payments
from cleanly.domain.payments.disputes.models import DisputeRow
from cleanly.domain.payments.errors import NotOurMoney
from cleanly.domain.payments.models import PaymentRow
from cleanly.domain.payments.rules import Shares
from cleanly.kernel.errors import NotFound
from cleanly.kernel.ids import new_id
from cleanly.platform.cache.service import Cache
from cleanly.platform.providers.protocol import DisputeSnapshot

_OVER = {"won", "lost", "closed"}


async def adopt(session: AsyncSession, payment_id: UUID, seen: DisputeSnapshot, *, account: str, now: datetime) -> UUID:
    """The dispute's row, made when it is first heard of."""
    payment = await payments.lock(session, payment_id)
    if seen.money.currency != payment.currency:
        raise NotOurMoney(f"{seen.reference} is in {seen.money.currency}, its payment in {payment.currency}")
    made: UUID | None = await session.scalar(
        insert(DisputeRow)
        .values(
            id=new_id(),
            payment_id=payment_id,
            provider=seen.provider,
            provider_account=account,
            provider_dispute_id=seen.reference,
            state="needs_response",
            money="untouched",
            reason=seen.reason,
            currency=seen.money.currency,
            amount=seen.money.amount,
            evidence_due_at=seen.evidence_due_at,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(DisputeRow.id)
    )
    if made is not None:
        await payments.tell(session, payment, messages.DISPUTE_OPENED, disputeId=str(made))
        return made
    known: UUID | None = await session.scalar(
        select(DisputeRow.id).where(
            DisputeRow.provider == seen.provider,
            DisputeRow.provider_account == account,
            DisputeRow.provider_dispute_id == seen.reference,
        )
    )
    if known is None:
        raise NotFound
    return known


async def apply(
    session: AsyncSession, cache: Cache, dispute_id: UUID, seen: DisputeSnapshot, *, revision: int, now: datetime
) -> bool:
    """Carry out what a snapshot means; False: stale. Posts to the ledger as its last statement."""
    payment_id = await session.scalar(select(DisputeRow.payment_id).where(DisputeRow.id == dispute_id))
    if payment_id is None:
        raise NotFound
    payment = await payments.lock(session, payment_id)
    row = await session.scalar(select(DisputeRow).where(DisputeRow.id == dispute_id).with_for_update())
    if row is None or row.revision != revision:
        return False
    before, row.state = row.state, seen.state
    row.evidence_due_at = seen.evidence_due_at or row.evidence_due_at
    row.revision += 1
    row.updated_at = now
    steps = await _steps(session, payment, row, seen)
    if row.state in _OVER and before not in _OVER:
        await payments.tell(session, payment, messages.DISPUTE_CLOSED, disputeId=str(row.id), state=row.state)
    await session.flush()
    if "lost" in {before, row.state}:
        await entitling.settle(session, cache, payment, now=now)
    bookings = [await _posting(session, payment, row, step, lines) for step, lines in steps.items()]
    if "reinstated" in steps:
        bookings += await covering.cover(session, payment, cause=row.id, before=steps.values())
        await session.flush()
    if bookings:
        await ledger.post(session, *bookings)
    return True


async def _steps(
    session: AsyncSession, payment: PaymentRow, row: DisputeRow, seen: DisputeSnapshot
) -> dict[str, postings.Lines]:
    """What has moved since we last booked, in the order in which it can be booked."""
    withdrawn, reinstated = _moved(row, seen, "withdrawn"), _moved(row, seen, "reinstated")
    steps: dict[str, postings.Lines] = {}
    if reinstated:
        await books.lock_holds(session, payment, payment.seller_left + row.seller_part)
    if withdrawn and row.money == "untouched":
        row.amount = withdrawn
        steps |= await _withdraw(session, payment, row)
    if reinstated and row.money in {"withdrawn", "lost"}:
        if reinstated != row.amount:
            raise NotOurMoney(f"{row.provider_dispute_id}: {row.amount} went, {reinstated} came back")
        steps |= await _reinstate(session, payment, row, steps)
    if seen.state == "lost" and row.money == "withdrawn":
        row.money = "lost"
        steps["lost"] = postings.dispute_lost(seller=payment.seller_id, seller_part=row.seller_part, amount=row.amount)
    gone = row.amount if row.money in {"withdrawn", "lost"} else 0
    if withdrawn - reinstated > gone:
        raise NotOurMoney(f"{row.provider_dispute_id}: {gone} is booked as gone, {withdrawn - reinstated} is")
    return steps


def _moved(row: DisputeRow, seen: DisputeSnapshot, kind: Literal["withdrawn", "reinstated"]) -> int:
    moved = [movement.money for movement in seen.movements if movement.kind == kind]
    if any(money.currency != row.currency for money in moved):
        raise NotOurMoney(f"{row.provider_dispute_id} moved another currency than {row.currency}")
    return sum(money.amount for money in moved)


async def _withdraw(session: AsyncSession, payment: PaymentRow, row: DisputeRow) -> dict[str, postings.Lines]:
    left = Shares(payment.seller_left, payment.fee_left, payment.tax_left)
    # A bank may dispute more than is left after refunds: what no share covers is the platform's to lose.
    shares = rules.take_at_most(left, row.amount, row.currency)
    part = await books.take_from_seller(session, payment, shares.seller)
    rest = left - shares
    payment.seller_left, payment.fee_left, payment.tax_left = rest.seller, rest.fee, rest.tax
    row.seller_part, row.fee_part, row.tax_part = shares.seller, shares.fee, shares.tax
    row.from_pending = part.pending
    row.money = "withdrawn"
    steps = {"withdrawn": postings.dispute_withdrawn(provider=payment.provider, amount=row.amount)}
    if payment.seller_id is not None and shares.seller > 0:
        steps["held"] = postings.dispute_held(seller=payment.seller_id, part=part)
    return steps


async def _reinstate(
    session: AsyncSession, payment: PaymentRow, row: DisputeRow, before: dict[str, postings.Lines]
) -> dict[str, postings.Lines]:
    was_lost, row.money = row.money == "lost", "reinstated"
    payment.seller_left += row.seller_part
    payment.fee_left += row.fee_part
    payment.tax_left += row.tax_part
    owed = free = 0
    if payment.seller_id is not None:
        held = await books.sellers_balances(session, payment.seller_id, payment.currency)
        # What the same call makes the seller owe is not in the balances yet.
        owed_now = held.receivable + books.net_of(before.values(), payment.seller_id, chart.RECEIVABLE)
        owed, free = rules.given_to_seller(row.seller_part, owed=owed_now)
    if was_lost:
        overturned = postings.dispute_overturned(
            provider=payment.provider,
            seller=payment.seller_id,
            seller_part=row.seller_part,
            owed=owed,
            free=free,
            amount=row.amount,
        )
        return {"reinstated": overturned}
    steps = {"reinstated": postings.dispute_reinstated(provider=payment.provider, amount=row.amount)}
    if payment.seller_id is not None and row.seller_part > 0:
        steps["unheld"] = postings.dispute_unheld(seller=payment.seller_id, owed=owed, free=free)
    return steps


async def _posting(
    session: AsyncSession, payment: PaymentRow, row: DisputeRow, step: str, lines: postings.Lines
) -> ledger.Posting:
    return await books.posting(
        session,
        reference=f"dispute:{row.id}:{step}",
        kind=f"dispute.{step}",
        currency=row.currency,
        lines=lines,
        source_id=row.id,
        provider_object=f"{row.provider}:{row.provider_dispute_id}",
        payment=payment,
    )
