"""Which task forgets what."""

from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob
from cleanly.platform.webhooks.outbound.history import flows
from cleanly.platform.webhooks.outbound.messages import ERASE, SWEEP, Account


async def _sweep(context: Context, _tick: Tick) -> None:
    await flows.sweep(context)


async def _erase(context: Context, account: Account) -> None:
    await flows.forget(context, account.account_id)


JOBS = (FlowJob(SWEEP, _sweep), FlowJob(ERASE, _erase))
CRONS = (Cron("37 * * * *", SWEEP),)
