"""Which task runs which function on the inbox."""

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob, TxJob
from cleanly.platform.webhooks.inbound import flows, service
from cleanly.platform.webhooks.inbound.messages import EMPTY_BODIES, MEASURE, PROCESS, SWEEP, WAKE, Stored


async def _process(context: Context, stored: Stored) -> None:
    await flows.process(context, stored.id)


async def _wake(session: AsyncSession, stored: Stored, _context: Context) -> None:
    await service.wake(session, stored.id)


async def _sweep(context: Context, _tick: Tick) -> None:
    await flows.sweep(context)


async def _empty_bodies(context: Context, _tick: Tick) -> None:
    await flows.empty_bodies(context)


async def _measure(context: Context, _tick: Tick) -> None:
    await flows.measure(context)


JOBS = (
    FlowJob(PROCESS, _process),
    TxJob(WAKE, _wake),
    FlowJob(SWEEP, _sweep),
    FlowJob(EMPTY_BODIES, _empty_bodies),
    FlowJob(MEASURE, _measure),
)
CRONS = (Cron("*/15 * * * *", SWEEP), Cron("41 3 * * *", EMPTY_BODIES), Cron("* * * * *", MEASURE))
