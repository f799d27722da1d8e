"""Payments, inside the caller's transaction. `apply` is the only way by which a provider's word changes one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, assert_never, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog.queries import PriceForSale
from cleanly.domain.ledger import service as ledger
from cleanly.domain.payments import books, entitling, messages, postings, rules, waiting
from cleanly.domain.payments.holds import service as holds
from cleanly.domain.payments.models import PaymentRow
from cleanly.domain.payments.queries import Payment, payment_of
from cleanly.domain.payments.rules import Shares, State
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.kernel.errors import NotFound
from cleanly.kernel.money import Money
from cleanly.platform.cache.service import Cache
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.protocol import PaymentSnapshot
from cleanly.platform.webhooks.outbound import service as outbound

# No tax is taken yet (the tax rule is a Protocol with a null version), so nothing is ever posted there.
TAX_COUNTRY = "zz"
PAYMENT_MISMATCH = "payment_mismatch"


@dataclass(frozen=True, slots=True)
class Known:
    """What a caller of the provider must know of our row. `revision`: what a snapshot must still find."""

    payment: Payment
    revision: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What a snapshot did. `give_back`: the provider holds an authorization that we gave up."""

    state: State
    verdict: rules.Verdict
    give_back: bool
    is_new_mismatch: bool


async def create(
    session: AsyncSession,
    *,
    payment_id: UUID,
    buyer_id: UUID,
    price: PriceForSale,
    quantity: int,
    provider: str,
    provider_account: str,
    customer: str | None,
    capture: Literal["automatic", "manual"],
    meta: Mapping[str, str],
    now: datetime,
) -> Payment:
    """Our row, before the provider hears of it. Amount, tax and fee are computed here and pinned."""
    total = price.money.times(quantity)
    shares = rules.split_sale(
        total,
        tax=0,
        fee_basis_points=price.fee_basis_points if price.seller_id else 0,
        fee_fixed=price.fee_fixed if price.seller_id else 0,
    )
    row = PaymentRow(
        id=payment_id,
        buyer_id=buyer_id,
        seller_id=price.seller_id,
        price_id=price.price_id,
        quantity=quantity,
        description=price.product_name,
        provider=provider,
        provider_account=provider_account,
        provider_customer=customer,
        capture_method=capture,
        state="created",
        currency=total.currency,
        unit_amount=price.money.amount,
        amount=total.amount,
        seller_amount=shares.seller,
        fee_amount=shares.fee,
        tax_amount=shares.tax,
        fee_basis_points=price.fee_basis_points,
        meta=dict(meta),
        check_at=now + rules.CALL_TIME,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return payment_of(row)


async def lock(session: AsyncSession, payment_id: UUID) -> PaymentRow:
    """The row, locked: every move of a payment, its refunds and its disputes goes through this lock.

    Raises:
        NotFound: no such payment.
    """
    # Not against those who only name the payment: a release writes a hold that points to it while it holds another.
    query = select(PaymentRow).where(PaymentRow.id == payment_id).with_for_update(key_share=True)
    row = await session.scalar(query)
    if row is None:
        raise NotFound
    return row


async def known(session: AsyncSession, payment_id: UUID) -> Known | None:
    """The row as it is, unlocked."""
    row = await session.get(PaymentRow, payment_id)
    return None if row is None else Known(payment_of(row), row.revision)


async def apply(
    session: AsyncSession,
    payment_id: UUID,
    seen: PaymentSnapshot,
    *,
    revision: int,
    now: datetime,
    settings: PaymentSettings,
    cache: Cache,
) -> Applied | None:
    """Carry out what a snapshot means. None: somebody else applied one since it was asked for, so it is stale.

    Posts to the ledger as its last statement, so the caller has nothing more to write.
    """
    row = await lock(session, payment_id)
    if row.revision != revision:
        return None
    before = cast("State", row.state)
    verdict = rules.judge(rules.Known(before, Money(row.amount, row.currency), row.captured_amount), seen)
    if seen.our_id not in {None, row.id} or row.provider_payment_id not in {None, seen.reference}:
        verdict = rules.Mismatch()
        seen = replace(seen, reference=row.provider_payment_id or "", charge=None, authorized_until=None)
    was_authorized = row.authorized_until is not None
    row.provider_payment_id = row.provider_payment_id or seen.reference or None
    row.provider_charge_id = seen.charge or row.provider_charge_id
    row.authorized_until = seen.authorized_until or row.authorized_until
    had_alarm = row.alarm
    booking = await _carry_out(session, row, verdict, now=now, settings=settings)
    after = cast("State", row.state)
    waiting.looked(row, now=now, has_moved=after != before)
    if seen.awaits_us:  # left standing, because the last try was refused a moment ago: the buyer need not come back
        waiting.look_by(row, now + rules.COMPLETE_AGAIN_AFTER, now=now)
    match verdict:
        case rules.Mismatch():
            row.check_at = None  # looking again does not help: a person decides
        case rules.CancelAgain():
            await waiting.end_calls(session, row, seen, now=now)
            row.check_at = waiting.in_doubt(row, row.checks - 1, now=now)
        case _ if before != "captured":
            await waiting.end_calls(session, row, seen, now=now)
        case _:
            pass
    # A capture in doubt goes to and fro between authorized and unknown: that is no news.
    if after != before and not (after == "authorized" and was_authorized):
        await _tell(session, row)
    await session.flush()
    if booking is not None:
        await entitling.settle(session, cache, row, now=now)
        await ledger.post(session, booking)
    is_new_mismatch = isinstance(verdict, rules.Mismatch) and had_alarm != PAYMENT_MISMATCH
    return Applied(after, verdict, isinstance(verdict, rules.CancelAgain), is_new_mismatch)


async def _carry_out(
    session: AsyncSession, row: PaymentRow, verdict: rules.Verdict, *, now: datetime, settings: PaymentSettings
) -> ledger.Posting | None:
    match verdict:
        case rules.Move(state=state, decline_code=decline_code):
            row.state, row.decline_code = state, decline_code
            if state == "authorized":
                row.authorized_until = row.authorized_until or row.created_at + rules.AUTHORIZED_DEFAULT
        case rules.Capture(amount=amount, is_late=is_late):
            return await _capture(session, row, amount, is_late=is_late, now=now, settings=settings)
        case rules.Mismatch():
            row.alarm = PAYMENT_MISMATCH
        case rules.CancelAgain() | rules.Same():
            pass
        case _:
            assert_never(verdict)
    return None


async def _capture(
    session: AsyncSession, row: PaymentRow, amount: int, *, is_late: bool, now: datetime, settings: PaymentSettings
) -> ledger.Posting:
    whole = Shares(row.seller_amount, row.fee_amount, row.tax_amount)
    shares = whole if amount == row.amount else rules.take_part(whole, amount, row.currency)
    row.state, row.decline_code, row.captured_amount, row.captured_at = "captured", None, amount, now
    row.seller_left, row.fee_left, row.tax_left = shares.seller, shares.fee, shares.tax
    if is_late:
        row.alarm = messages.PAYMENT_LATE_CAPTURE
        if settings.late_capture_refunded:
            await jobs.enqueue(session, messages.REFUND_LATE_CAPTURE, messages.LateCapture(payment_id=row.id))
    await holds.begin(session, row, now=now, settings=settings)
    return await books.posting(
        session,
        reference=f"payment:{row.id}:captured",
        kind="payment.captured",
        currency=row.currency,
        lines=postings.captured(provider=row.provider, seller=row.seller_id, shares=shares, country=TAX_COUNTRY),
        source_id=row.id,
        provider_object=f"{row.provider}:{row.provider_charge_id or row.provider_payment_id}",
        payment=row,
    )


_TOLD = {
    "authorized": messages.PAYMENT_AUTHORIZED,
    "captured": messages.PAYMENT_SUCCEEDED,
    "failed": messages.PAYMENT_FAILED,
    "canceled": messages.PAYMENT_CANCELED,
}


async def _tell(session: AsyncSession, row: PaymentRow) -> None:
    kind = _TOLD.get(row.state)
    if kind is not None:
        await tell(session, row, kind, state=row.state)
    if row.alarm == messages.PAYMENT_LATE_CAPTURE:
        await tell(session, row, messages.PAYMENT_LATE_CAPTURE)


async def tell(session: AsyncSession, row: PaymentRow, kind: str, **more: Any) -> None:
    """Publish something about a payment to its seller, or to the platform for its own sales."""
    account = row.seller_id or outbound.PLATFORM
    await outbound.publish(session, messages.about(kind, account, "payment", row.id, **more))


async def doubt(session: AsyncSession, payment_id: UUID, call: calls.Call, *, now: datetime) -> None:
    """A call went out and no answer came that we can trust: the janitor looks. What is in doubt keeps its schedule."""
    row = await lock(session, payment_id)
    if row.state == "unknown":
        return
    if row.state not in {"created", "authorized"}:
        waiting.expect(row, call, now=now)
        return
    is_made = row.state == "authorized"
    row.check_at = (
        rules.next_try(call.started_at, asked_at=call.asked_at) if is_made else waiting.in_doubt(row, 0, now=now)
    )
    row.state, row.checks = "unknown", 0
    row.revision += 1
    row.updated_at = now


async def refuse(session: AsyncSession, payment_id: UUID, decline_code: str | None, *, now: datetime) -> None:
    """The provider definitely refused to make it: over, no money."""
    row = await lock(session, payment_id)
    if row.state in {"created", "unknown"}:
        row.state, row.decline_code, row.check_at = "failed", decline_code, None
        row.revision += 1
        row.updated_at = now
        await _tell(session, row)


async def looked_in_vain(session: AsyncSession, payment_id: UUID, *, now: datetime, is_scheduled: bool) -> Payment:
    """The provider has nothing by our id. That proves nothing: look again later, at last leave it to a person."""
    row = await lock(session, payment_id)
    row.looked_at = now
    if is_scheduled and row.state in {"created", "unknown"}:
        row.state = "unknown"
        waiting.looked(row, now=now, has_moved=False)
    return payment_of(row)


async def authorization_runs_out(session: AsyncSession, payment_id: UUID, *, now: datetime) -> bool:
    """Whether an authorization ends within a day: it is given back before it lapses by itself."""
    row = await lock(session, payment_id)
    ends = row.authorized_until or row.created_at + rules.AUTHORIZED_DEFAULT
    return now >= ends - timedelta(days=1)
