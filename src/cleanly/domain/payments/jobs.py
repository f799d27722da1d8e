"""Scheduled work of payments."""

from cleanly.domain.payments import health, janitor
from cleanly.domain.payments.holds import jobs as holds
from cleanly.domain.payments.messages import ACKNOWLEDGE, JANITOR, MEASURE, REFUND_LATE_CAPTURE, SWEEP_VOIDED
from cleanly.domain.payments.play import flows as play
from cleanly.domain.payments.refunds import flows as refunds
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob


async def clean(context: Context, tick: Tick) -> None:
    """Payments first, then refunds."""
    await janitor.clean(context, tick)
    await refunds.clean(context, tick)


JOBS = (
    FlowJob(JANITOR, clean),
    FlowJob(MEASURE, health.measure),
    FlowJob(REFUND_LATE_CAPTURE, refunds.refund_late_capture),
    FlowJob(ACKNOWLEDGE, play.acknowledge),
    FlowJob(SWEEP_VOIDED, play.sweep_voided),
    *holds.JOBS,
)
CRONS = (Cron("* * * * *", JANITOR), Cron("*/5 * * * *", MEASURE), Cron("45 3 * * *", SWEEP_VOIDED), *holds.CRONS)
