"""Queued and scheduled work of payouts."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger.messages import BOOKS_BROKEN, BrokenBooks
from cleanly.domain.payouts.sending import flows, stopping
from cleanly.domain.payouts.sending.messages import CALL_BACK, JANITOR, MEASURE, SEND
from cleanly.kernel.context import Context
from cleanly.kernel.module import Cron, FlowJob, TxJob

_log = structlog.get_logger(__name__)


async def stop(session: AsyncSession, broken: BrokenBooks, context: Context) -> None:
    """The books don't prove themselves: nothing leaves until a person has looked."""
    reason = f"{broken.check} check: {broken.drift} balances drifted, {broken.faults} faults"
    if await stopping.stop(session, reason, now=context.clock.now()):
        _log.error("payouts_stopped", reason=reason)


JOBS = (
    FlowJob(SEND, flows.send),
    FlowJob(CALL_BACK, flows.call_back),
    FlowJob(JANITOR, flows.clean),
    FlowJob(MEASURE, flows.measure),
    TxJob(BOOKS_BROKEN, stop),
)
CRONS = (Cron("* * * * *", JANITOR), Cron("*/5 * * * *", MEASURE))
