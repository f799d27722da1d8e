"""Scheduled work of auth: what has ended long ago is deleted, in batches."""

from datetime import timedelta

from cleanly.domain.auth.attempts import service as attempts
from cleanly.domain.auth.links import service as links
from cleanly.domain.auth.messages import SWEEP
from cleanly.domain.auth.sessions import service as sessions
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob

BATCH = 1000
# A session's row outlives it, so that its phone is told SESSION_EXPIRED or SESSION_REVOKED and not that it is unknown.
KEPT_AFTER_END = timedelta(days=30)


async def sweep(context: Context, _: Tick) -> None:
    """Batch after batch, each its own short transaction, until a batch comes back unfilled."""
    now = context.clock.now()
    gone = BATCH
    while gone >= BATCH:
        async with context.db.begin() as session:
            gone = max(
                await sessions.sweep(session, older_than=now - KEPT_AFTER_END, batch=BATCH),
                await links.sweep(session, now=now, batch=BATCH),
                await attempts.sweep(session, now=now, batch=BATCH),
            )


JOBS = (FlowJob(SWEEP, sweep),)
CRONS = (Cron("23 * * * *", SWEEP),)
