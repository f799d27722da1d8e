"""Scheduled work of payments."""

from cleanly.domain.payments import janitor
from cleanly.domain.payments.messages import JANITOR
from cleanly.domain.payments.refunds import flows as refunds
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob


async def clean(context: Context, tick: Tick) -> None:
    """Payments first, then refunds."""
    await janitor.clean(context, tick)
    await refunds.clean(context, tick)


JOBS = (FlowJob(JANITOR, clean),)
CRONS = (Cron("* * * * *", JANITOR),)
