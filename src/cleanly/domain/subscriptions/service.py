"""Subscriptions, inside the caller's transaction. `apply` is the only way by which a provider's word changes one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog.queries import CatalogSettings, PriceForSale
from cleanly.domain.entitlements import service as entitlements
from cleanly.domain.ledger import service as ledger
from cleanly.domain.subscriptions import messages, reminders, rules
from cleanly.domain.subscriptions.changes import service as changes
from cleanly.domain.subscriptions.changes.rules import Wish
from cleanly.domain.subscriptions.models import IS_LIVE, SubscriptionRow
from cleanly.domain.subscriptions.periods import service as periods
from cleanly.domain.subscriptions.queries import Subscription, facts_of, subscription_of
from cleanly.domain.subscriptions.rules import Facts
from cleanly.domain.subscriptions.settings import SubscriptionSettings
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound
from cleanly.platform.cache.service import Cache
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.billing import SubscriptionSnapshot
from cleanly.platform.webhooks.outbound import service as outbound

PLAY = "google_play"
MISMATCH = "subscription_mismatch"
LIVES_ON = "subscription_lives_on"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a look did. `lives_on`: the provider goes on with what is over here."""

    subscription: Subscription
    is_new_mismatch: bool
    lives_on: bool


async def create(
    session: AsyncSession,
    *,
    subscription_id: UUID,
    user_id: UUID,
    price: PriceForSale,
    plan_group_id: UUID,
    provider: str,
    provider_account: str,
    customer: str | None,
    trial_days: int | None,
    now: datetime,
    reference: str | None = None,
    token_sha256: bytes | None = None,
) -> Subscription | None:
    """Our row, before the provider hears of it. None: the user has a live one in this group, or the token is bound.

    The indexes decide, so a double click makes one.
    """
    row = await session.scalar(
        insert(SubscriptionRow)
        .values(
            id=subscription_id,
            user_id=user_id,
            seller_id=price.seller_id,
            plan_group_id=plan_group_id,
            price_id=price.price_id,
            product_id=price.product_id,
            provider=provider,
            provider_account=provider_account,
            provider_customer=customer,
            provider_subscription_id=reference,
            purchase_token_sha256=token_sha256,
            state="incomplete",
            trial_days=trial_days,
            check_at=now + rules.CALL_TIME,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(SubscriptionRow)
    )
    return None if row is None else subscription_of(row)


async def lock(session: AsyncSession, subscription_id: UUID) -> SubscriptionRow:
    """The row, locked: every move goes through this lock.

    Raises:
        NotFound: no such subscription.
    """
    query = select(SubscriptionRow).where(SubscriptionRow.id == subscription_id).with_for_update(key_share=True)
    row = await session.scalar(query, execution_options={"populate_existing": True})
    if row is None:
        raise NotFound
    return row


async def apply(
    session: AsyncSession,
    context: Context,
    subscription_id: UUID,
    seen: SubscriptionSnapshot,
    *,
    revision: int,
    now: datetime,
) -> Applied | None:
    """Carry out what a look means. None: another was applied since it was asked for, so it is stale.

    Posts to the ledger as its last statement, so the caller has nothing more to write.
    """
    row = await lock(session, subscription_id)
    if row.revision != revision:
        return None
    if seen.our_id not in {None, row.id} or row.provider_subscription_id not in {None, seen.reference}:
        return await _mismatch(session, row, now=now)
    before = facts_of(row)
    after = rules.fold(before, seen, now=now, grace=context.part(SubscriptionSettings).grace)
    booked = await periods.book(session, context, row, seen.paid, now=now)
    row.provider_subscription_id = seen.reference
    due_at = row.check_at
    await _write(session, context, row, after, now=now)
    if (open_until := await changes.settle(session, row.id, seen, due_at=due_at, now=now)) is not None:
        row.check_at = min(row.check_at or open_until, open_until)
    await _acknowledge(session, row, seen)
    # The first period of all is told as the start.
    cycles = rules.periods_begun(before, after, booked=booked.cycles, bills_here=row.provider != PLAY)
    for word in rules.news(before, after, periods_paid=cycles):
        await _tell(session, row, word)
    await reminders.remind(session, context, row, now=now)
    had_alarm = row.alarm
    lives_on = rules.lives_after_its_end(before, seen)
    if booked.is_foreign:
        row.alarm = MISMATCH
    elif lives_on:
        row.alarm = LIVES_ON
    await session.flush()
    if booked.postings:
        await ledger.post(session, *booked.postings)
    return Applied(subscription_of(row), booked.is_foreign and had_alarm != MISMATCH, lives_on)


async def _acknowledge(session: AsyncSession, row: SubscriptionRow, seen: SubscriptionSnapshot) -> None:
    """What is granted is acknowledged from a job, which exists if the grant commits."""
    must = seen.must_acknowledge and row.state not in rules.ENDED
    if must and not row.must_acknowledge:
        await jobs.enqueue(session, messages.ACKNOWLEDGE, messages.Acknowledge(subscription_id=row.id))
    row.must_acknowledge = must


async def _mismatch(session: AsyncSession, row: SubscriptionRow, *, now: datetime) -> Applied:
    had_alarm = row.alarm
    row.alarm, row.check_at, row.updated_at = MISMATCH, None, now
    row.revision += 1
    await session.flush()
    return Applied(subscription_of(row), had_alarm != MISMATCH, lives_on=False)


async def _write(session: AsyncSession, context: Context, row: SubscriptionRow, after: Facts, *, now: datetime) -> None:
    """The facts, what follows from them, and when to look again."""
    if after.price_id != row.price_id:
        price = await catalog.price_for_sale(session, after.price_id, context.part(CatalogSettings))
        # A price of ours that the provider was told; another would have been refused as a mismatch of its invoice.
        row.product_id = row.product_id if price is None else price.product_id
    if facts_of(row) != after:
        row.updated_at = now
    row.state, row.price_id = after.state, after.price_id
    row.period_start, row.period_end, row.paid_until = after.period_start, after.period_end, after.paid_until
    row.trial_end, row.cancel_at_period_end = after.trial_end, after.cancel_at_period_end
    row.pending_price_id, row.grace_until, row.resumes_at = after.pending_price_id, after.grace_until, after.resumes_at
    row.ended_at, row.decline_code = after.ended_at, after.decline_code
    row.revision += 1
    row.looked_at = now
    row.check_at = rules.next_check(
        after, created_at=row.created_at, is_known=row.provider_subscription_id is not None, now=now
    )
    until = rules.entitled_until(after, grace=context.part(SubscriptionSettings).grace)
    await entitlements.entitle(
        session,
        context.part(Cache),
        user_id=row.user_id,
        source="subscription",
        source_id=row.id,
        grant=None if until is None else entitlements.Grant(row.product_id, row.created_at, until),
        now=now,
    )


async def _tell(session: AsyncSession, row: SubscriptionRow, word: str) -> None:
    account = row.seller_id or outbound.PLATFORM
    await outbound.publish(
        session,
        messages.about(word, account, row.id, price_id=row.price_id, state=row.state, paid_until=row.paid_until),
    )


async def end(
    session: AsyncSession, context: Context, subscription_id: UUID, state: rules.EndState, *, now: datetime
) -> None:
    """Over, by our own word: the provider never made it, or another took its place."""
    row = await lock(session, subscription_id)
    before = facts_of(row)
    after = rules.end(before, state, at=now)
    if after == before:
        return
    await _write(session, context, row, after, now=now)
    for word in rules.news(before, after, periods_paid=0):
        await _tell(session, row, word)
    await session.flush()


async def doubt(session: AsyncSession, subscription_id: UUID, *, now: datetime) -> None:
    """A call went out and no answer came that we can trust: the janitor looks."""
    row = await lock(session, subscription_id)
    row.check_at = now + rules.CALL_TIME
    row.revision += 1


async def claim_due(session: AsyncSession, *, now: datetime, limit: int) -> list[UUID]:
    """Those whose time has come, put off a little in case whoever takes them dies."""
    rows = await session.scalars(
        select(SubscriptionRow)
        .where(SubscriptionRow.check_at <= now)
        .order_by(SubscriptionRow.check_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    due = rows.all()
    for row in due:
        row.check_at = now + rules.PUT_OFF
    await session.flush()
    return [row.id for row in due]


async def end_all_of(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """Whoever is gone pays no longer: the end of whatever lives is asked for, and the janitor sees to it."""
    rows = await session.scalars(
        select(SubscriptionRow)
        .where(SubscriptionRow.user_id == user_id, IS_LIVE)
        .order_by(SubscriptionRow.id)
        .with_for_update(key_share=True)
    )
    for row in rows.all():
        # Google bills until the period ends, whatever we say.
        wish = Wish(kind="cancel_at_period_end" if row.provider == PLAY else "cancel")
        open_ = await changes.open_of(session, row.id)
        if open_ is not None:
            await changes.refuse(session, open_.id, now=now)
        await changes.begin(session, row.id, wish, from_price_id=row.price_id, money=None, now=now)
        row.check_at = now
