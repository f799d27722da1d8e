"""Scheduled payouts: whose time has come is claimed page by page, each seller is a job of its own."""

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.schedules import service
from cleanly.domain.payouts.schedules.messages import PAY_SELLER, RUN, DueSeller
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob, TxJob

PAGE = 200
PAGES_MAX = 2_000


async def run(context: Context, _tick: Tick) -> None:
    """Claim what is due. A crash between two pages loses nothing: the rest is still due."""
    now = context.clock.now()
    for _ in range(PAGES_MAX):
        async with context.db.begin() as session:
            claimed = await service.claim_due(session, now=now, limit=PAGE)
        if claimed < PAGE:
            return


async def pay_seller(session: AsyncSession, due: DueSeller, context: Context) -> None:
    """One seller, in one transaction."""
    await service.pay_seller(session, context, due.seller_id)


JOBS = (FlowJob(RUN, run), TxJob(PAY_SELLER, pay_seller))
CRONS = (Cron("*/10 * * * *", RUN),)
