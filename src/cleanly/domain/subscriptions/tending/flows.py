"""What is due by the clock: missed renewals, ends of grace, first payments that never came, calls without an answer."""

from uuid import UUID

import structlog

from cleanly.domain.payments.billed import queries as payments
from cleanly.domain.subscriptions import flows, rules, service
from cleanly.domain.subscriptions.changes import flows as changes
from cleanly.domain.subscriptions.changes.rules import Wish
from cleanly.domain.subscriptions.periods import queries as periods
from cleanly.domain.subscriptions.periods import service as period_writes
from cleanly.domain.subscriptions.queries import Subscription
from cleanly.domain.subscriptions.service import PLAY
from cleanly.domain.subscriptions.starting import flows as starting
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError
from cleanly.kernel.messages import Tick
from cleanly.platform.providers.errors import NotSent, Refused, Unknown

BATCH = 50
BATCHES_MAX = 20
PERIODS_SHOWN = 1_000
_log = structlog.get_logger(__name__)


async def clean(context: Context, _tick: Tick) -> None:
    """Look at every subscription whose time has come, page by page."""
    for _ in range(BATCHES_MAX):
        async with context.db.begin() as session:
            due = await service.claim_due(session, now=context.clock.now(), limit=BATCH)
        for subscription_id in due:
            await _one(context, subscription_id)
        if len(due) < BATCH:
            return


async def _one(context: Context, subscription_id: UUID) -> None:
    try:
        found = await flows.refresh(context, subscription_id)
        found = await changes.go_on(context, found)
        await _push(context, found)
    except (Refused, Unknown, NotSent, AppError) as error:
        # Each for itself: one that can't be settled now must not hold up the others. It comes again.
        _log.warning("subscription_not_settled", subscription=str(subscription_id), error=type(error).__name__)


async def _push(context: Context, found: Subscription) -> None:
    """What a look alone does not settle."""
    if found.state != "incomplete" or found.provider == PLAY:
        return
    is_old = context.clock.now() >= found.created_at + rules.INCOMPLETE_TIME
    if not is_old and found.reference is None:
        await starting.send(context, found)
    elif is_old and found.reference is None:
        async with context.db.begin() as session:
            await service.end(session, context, found.id, "expired", now=context.clock.now())
    elif is_old:
        await changes.ask(context, found, Wish(kind="cancel"))


async def end_what_was_given_back(context: Context, _tick: Tick) -> None:
    """A full refund or a lost dispute of the period that runs ends the subscription."""
    after: UUID | None = None
    while True:
        now = context.clock.now()
        async with context.db.begin() as session:
            page = await periods.running(session, now=now, after=after, limit=PERIODS_SHOWN)
            given_back = await payments.given_back(session, [payment for payment, _ in page])
        for payment_id, subscription_id in page:
            if payment_id in given_back:
                await _end(context, payment_id, subscription_id)
        if len(page) < PERIODS_SHOWN:
            return
        after = page[-1][0]


async def _end(context: Context, payment_id: UUID, subscription_id: UUID) -> None:
    try:
        found = await flows.read(context, subscription_id)
        if found.state not in rules.ENDED:
            await changes.ask(context, found, Wish(kind="cancel"))
        async with context.db.begin() as session:
            await period_writes.give_back(session, payment_id, now=context.clock.now())
    except (Refused, Unknown, NotSent, AppError) as error:
        _log.warning("subscription_not_settled", subscription=str(subscription_id), error=type(error).__name__)
