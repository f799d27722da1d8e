"""Which task runs which function on messages that go out."""

from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob
from cleanly.platform.webhooks.outbound.dispatch import flows
from cleanly.platform.webhooks.outbound.messages import MEASURE, SETTLE


async def _settle(context: Context, _tick: Tick) -> None:
    await flows.settle(context)


async def _measure(context: Context, _tick: Tick) -> None:
    await flows.measure(context)


JOBS = (FlowJob(SETTLE, _settle), FlowJob(MEASURE, _measure))
CRONS = (Cron("53 * * * *", SETTLE), Cron("* * * * *", MEASURE))
