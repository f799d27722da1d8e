"""Sweeps what has expired."""

import structlog

from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob
from cleanly.platform.idempotency import service
from cleanly.platform.idempotency.messages import SWEEP

_log = structlog.get_logger(__name__)
_BATCHES_MAX = 500


async def sweep(context: Context, _: Tick) -> None:
    """Delete expired rows in short transactions, so that no request waits for the sweeper.

    What is left after half a million rows waits for the next run.
    """
    swept = 0
    for _batch in range(_BATCHES_MAX):
        async with context.db.begin() as session:
            count = await service.sweep(session, now=context.clock.now())
        swept += count
        if count < service.SWEEP_BATCH:
            break
    if swept:
        _log.info("idempotency_swept", rows=swept)


JOBS = (FlowJob(SWEEP, sweep),)
CRONS = (Cron("*/10 * * * *", SWEEP),)
