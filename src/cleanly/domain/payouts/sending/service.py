"""Payouts, inside the caller's transaction: asked for, held, let go, given up. What a provider says is `applying`'s.

Locks go payout, ledger. Who is given postings posts them, as the transaction's last statement.
"""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payouts.accounts.queries import PayoutAccount
from cleanly.domain.payouts.sending import books, messages, queries, rules
from cleanly.domain.payouts.sending.errors import PayoutOpen
from cleanly.domain.payouts.sending.models import PayoutRow
from cleanly.domain.payouts.sending.queries import Payout, payout_of
from cleanly.domain.payouts.sending.rules import Ending, State
from cleanly.domain.payouts.sending.stopping import resume, stop
from cleanly.domain.payouts.settings import PayoutSettings
from cleanly.kernel.errors import NotFound
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.platform.jobs import service as jobs
from cleanly.platform.webhooks.outbound import service as outbound

__all__ = ["resume", "stop"]  # and what is defined here
_OPEN = text("state IN ('requested', 'held', 'sending', 'unknown', 'in_transit')")


def limits_of(settings: PayoutSettings) -> rules.Limits:
    """What is reviewed, by the settings."""
    return rules.Limits(
        amount=settings.payout_review_amount,
        requests_a_day=settings.payout_requests_a_day,
        dispute_basis_points=settings.payout_dispute_basis_points,
        sales_min=settings.payout_dispute_sales_min,
        cooling=timedelta(hours=settings.payout_cooling_hours),
        first_is_reviewed=settings.payout_first_review == "on",
    )


async def _put(session: AsyncSession, account: PayoutAccount, money: Money, **more: Any) -> PayoutRow | None:
    """The row, which nobody else can see yet; None if another of the seller's in this currency is not over."""
    made: PayoutRow | None = await session.scalar(
        insert(PayoutRow)
        .values(
            id=new_id(),
            seller_id=account.seller_id,
            payout_account_id=account.id,
            provider=account.provider,
            provider_account=account.provider_account,
            account_reference=account.reference,
            destination=account.destination_fingerprint,
            destination_last4=account.destination_last4,
            currency=money.currency,
            amount=money.amount,
            **more,
        )
        # Whoever asks at the same time waits here for the other's commit.
        .on_conflict_do_nothing(index_elements=["seller_id", "currency"], index_where=_OPEN)
        .returning(PayoutRow)
    )
    return made


async def request(
    session: AsyncSession,
    account: PayoutAccount,
    money: Money,
    *,
    is_scheduled: bool,
    is_two_step: bool,
    now: datetime,
    settings: PayoutSettings,
) -> tuple[Payout, ledger.Posting]:
    """Our row and what sets the money aside, which the caller posts as its transaction's last statement.

    Raises:
        PayoutOpen: another is not over. InsufficientBalance: the seller never had this currency.
    """
    limits = limits_of(settings)
    past = await queries.past(
        session,
        account.seller_id,
        money.currency,
        destination=account.destination_fingerprint,
        changed_at=account.destination_changed_at,
        now=now,
    )
    why = rules.reasons(past, money.amount, limits)
    until = rules.cools_until(why, since_change=past.since_change, cooling=limits.cooling, now=now)
    state: State = "held" if why else "requested"
    row = await _put(
        session,
        account,
        money,
        state=state,
        is_scheduled=is_scheduled,
        is_two_step=is_two_step,
        held_for=list(why),
        held_until=until,
        check_at=until if why else now + rules.CALL_TIME,
        created_at=now,
        updated_at=now,
    )
    if row is None:
        other = await queries.open_of(session, account.seller_id, money.currency)
        raise PayoutOpen(details={"payoutId": str(other)} if other else {})
    posting = await books.reserved(session, row)
    await tell(session, row)
    if state == "requested":
        await ask_to_send(session, row.id)
    return payout_of(row), posting


async def lock(session: AsyncSession, payout_id: UUID) -> PayoutRow:
    """The row, locked: every move of a payout goes through this lock.

    Raises:
        NotFound: no such payout.
    """
    row = await session.scalar(
        select(PayoutRow)
        .where(PayoutRow.id == payout_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


async def ask_to_send(session: AsyncSession, payout_id: UUID) -> None:
    """Have a worker go on with it."""
    await jobs.enqueue(session, messages.SEND, messages.OnePayout(payout_id=payout_id), lock=f"payout:{payout_id}")


async def ask_to_go_on(session: AsyncSession, payout_id: UUID) -> Payout:
    """Have a worker look at the provider again, and ask again what has had no answer.

    Raises:
        NotFound: no such payout. InvalidState: it is held, or over.
    """
    row = await lock(session, payout_id)
    if row.state not in {*rules.MOVING, "requested"}:
        raise InvalidState.of(row.state, "There is nothing to go on with")
    await ask_to_send(session, payout_id)
    return payout_of(row)


async def ask_to_call_back(session: AsyncSession, payout_id: UUID) -> Payout:
    """Have a worker ask the provider for it back; what comes of that is the provider's word.

    Raises:
        InvalidState: it is not on its way.
    """
    row = await lock(session, payout_id)
    if row.state != "in_transit":
        raise InvalidState.of(row.state, "Only a payout on its way can be called back")
    await jobs.enqueue(session, messages.CALL_BACK, messages.OnePayout(payout_id=payout_id), lock=f"payout:{payout_id}")
    return payout_of(row)


async def tell(session: AsyncSession, row: PayoutRow) -> None:
    """Publish where a payout stands now, if that is news for its seller."""
    if row.state in messages.TOLD:
        await outbound.publish(session, messages.about(row.seller_id, row.id, row.state))


async def release(session: AsyncSession, payout_id: UUID, *, by: UUID | None, now: datetime) -> Payout:
    """A held payout goes.

    Raises:
        InvalidState: it is not held.
    """
    row = await lock(session, payout_id)
    if row.state != "held":
        raise InvalidState.of(row.state, "Only a held payout can be approved")
    row.state, row.reviewed_by, row.held_until = "requested", by, None
    touch(row, now=now, has_moved=True)
    await tell(session, row)
    await ask_to_send(session, row.id)
    await session.flush()
    return payout_of(row)


async def hold(session: AsyncSession, payout_id: UUID, reason: str, *, now: datetime) -> Payout:
    """Stop one that has not left.

    Raises:
        InvalidState: it has, or it is held already.
    """
    row = await lock(session, payout_id)
    if row.state != "requested":
        raise InvalidState.of(row.state, "Only a payout that has not left can be held")
    row.state, row.held_for, row.held_until = "held", [*row.held_for, reason], None
    touch(row, now=now, has_moved=True)
    await tell(session, row)
    await session.flush()
    return payout_of(row)


async def cancel(
    session: AsyncSession, payout_id: UUID, code: str, *, now: datetime
) -> tuple[Payout, list[ledger.Posting]]:
    """Give up one that is still ours; the caller posts, as its transaction's last statement. Again: nothing more.

    Raises:
        InvalidState: it is with the provider, or over.
    """
    row = await lock(session, payout_id)
    if row.state == "canceled":
        return payout_of(row), []
    if row.state not in rules.OURS:
        raise InvalidState.of(row.state, "This payout can't be canceled any more")
    postings = await end(session, row, "canceled", code, now=now)
    return payout_of(row), postings


async def end(
    session: AsyncSession, row: PayoutRow, ending: Ending, code: str | None, *, now: datetime
) -> list[ledger.Posting]:
    """It is over, and all of it comes back; the caller posts. The row is locked."""
    row.state, row.ending, row.failure_code = ending, ending, code or row.failure_code
    touch(row, now=now, has_moved=True)
    await tell(session, row)
    await session.flush()
    return await books.back(session, row)


async def begin(
    session: AsyncSession, payout_id: UUID, account: PayoutAccount | None, *, now: datetime
) -> tuple[Payout, list[ledger.Posting]]:
    """From requested to sending, if the account can still be paid and pays to where it did; else it is canceled."""
    row = await lock(session, payout_id)
    if row.state != "requested":
        return payout_of(row), []
    if (code := _not_payable(row, account)) is not None:
        postings = await end(session, row, "canceled", code, now=now)
        return payout_of(row), postings
    if await queries.stop_in_force(session) is not None:
        row.check_at = now + rules.STOPPED_WAIT
        return payout_of(row), []
    row.state, row.sent_at = "sending", now
    touch(row, now=now, has_moved=True)
    await session.flush()
    return payout_of(row), []


def _not_payable(row: PayoutRow, account: PayoutAccount | None) -> str | None:
    if account is None or account.ended_at is not None or account.reference != row.account_reference:
        return "account_gone"
    if account.destination_fingerprint != row.destination:
        return "destination_changed"
    return None if account.payouts_enabled else "payouts_disabled"


def touch(row: PayoutRow, *, now: datetime, has_moved: bool) -> None:
    """It was looked at or moved: the next look's time is chosen by where it stands."""
    row.revision += 1
    row.updated_at = now
    row.checks = 0 if has_moved else row.checks + 1
    row.check_at = rules.next_check(cast("State", row.state), row.checks, now=now, paid_at=row.paid_at)


async def claim_due(session: AsyncSession, *, now: datetime, limit: int) -> list[Payout]:
    """Payouts whose time has come; each is put off a little, so that two janitors share the work."""
    rows = await session.scalars(
        select(PayoutRow)
        .where(PayoutRow.check_at <= now)
        .order_by(PayoutRow.check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(rows)
    for row in found:
        row.check_at = now + rules.CALL_TIME
    await session.flush()
    return [payout_of(row) for row in found]
