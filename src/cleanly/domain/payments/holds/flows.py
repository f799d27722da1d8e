"""The release of holds, page by page, each page a transaction of its own: a crash leaves the rest to the next run."""

from datetime import timedelta

import structlog

from cleanly.domain.payments.holds import metrics, queries, releasing
from cleanly.domain.payments.holds.releasing import Key
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick

BATCH = 500
# Of one run: what is left waits ten minutes.
BATCHES_MAX = 1_000
_SECONDS_MAX = 30
_CHECK_SECONDS_MAX = 300
_TOLD_MAX = 20
# Providers say within days when a payment is available, and what is due is released within minutes.
LATE = timedelta(days=10)
_log = structlog.get_logger(__name__)


async def run(context: Context, _tick: Tick) -> None:
    """Learn what is available at the providers, release what is due, tell what waits."""
    now = context.clock.now()
    after: Key | None = None
    while True:
        async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
            after = await releasing.learn(session, after=after, limit=BATCH, now=now)
        if after is None:
            break
    released = uncovered = 0
    for _ in range(BATCHES_MAX):
        async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
            page = await releasing.release(session, limit=BATCH, now=now, settings=context.part(PaymentSettings))
        released, uncovered = released + page.released, uncovered + page.uncovered
        if page.claimed < BATCH:
            break
    async with context.db.begin() as session:
        overdue = await queries.overdue(session, now=now)
    metrics.RELEASED.add(released)
    metrics.UNCOVERED.add(uncovered)
    metrics.OVERDUE.set(overdue.unknown, {"waits_for": "provider"})
    metrics.OVERDUE.set(overdue.waiting, {"waits_for": "release"})
    if released or uncovered or overdue.unknown:
        _log.info("holds_released", released=released, uncovered=uncovered, unknown=overdue.unknown)


async def check(context: Context, _tick: Tick) -> None:
    """Every balance that rests is the sum of its open holds, and none rests for much longer than it should."""
    now = context.clock.now()
    async with context.db.begin(deadline_seconds=_CHECK_SECONDS_MAX) as session:
        differences = await queries.differences(session)
        late = await queries.overdue(session, now=now - LATE)
    metrics.DIFFERENCES.set(len(differences))
    for one in differences[:_TOLD_MAX]:
        _log.error(
            "hold_difference",
            seller=str(one.seller_id),
            currency=one.currency,
            balance=one.balance,
            booked=one.booked,
            held=one.held,
        )
    if late.waiting or late.unknown:
        _log.error("holds_late", waiting=late.waiting, unknown=late.unknown)
