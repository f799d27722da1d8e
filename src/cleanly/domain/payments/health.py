"""What of payments and refunds is in doubt, and for how long: gauges, and an alarm after an hour."""

from datetime import timedelta
from typing import get_args

import structlog

from cleanly.domain.payments import metrics
from cleanly.domain.payments.rules import Operation
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.platform.providers import doubts

_log = structlog.get_logger(__name__)
OPERATIONS: tuple[str, ...] = (*get_args(Operation), "refund")
LATE = timedelta(hours=1)
_NAMED_MAX = 10


async def measure(context: Context, _tick: Tick) -> None:
    """Count the payments and refunds with a call whose outcome nobody knows."""
    now = context.clock.now()
    async with context.db.begin() as session:
        found = await doubts.unknown(session, OPERATIONS)
    oldest = max((now - one.since for one in found), default=timedelta())
    metrics.unknown(len({one.subject_id for one in found}), oldest_seconds=oldest.total_seconds())
    late = [one for one in found if now - one.since >= LATE]
    if late:
        _log.error(
            "payments_unknown",
            count=len(late),
            oldest=str(late[0].since),
            subjects=[f"{one.provider} {one.operation} {one.subject_id}" for one in late[:_NAMED_MAX]],
        )
