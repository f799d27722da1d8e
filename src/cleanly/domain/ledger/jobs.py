"""The books prove themselves: in full every night, what is recent every five minutes. Nothing is ever mended."""

import structlog

from cleanly.domain.ledger import metrics, queries
from cleanly.domain.ledger.messages import CHECK, CHECK_RECENT
from cleanly.domain.ledger.queries import Report
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob

_log = structlog.get_logger(__name__)
SECONDS_MAX = 900
_RECENT_SECONDS_MAX = 60


async def check(context: Context, _tick: Tick) -> None:
    """Every transaction, balance and floor."""
    async with context.db.begin(deadline_seconds=SECONDS_MAX) as session:
        report = await queries.check_everything(session, seconds_max=SECONDS_MAX)
    _tell(report, "full", context)


async def check_recent(context: Context, _tick: Tick) -> None:
    """What the last hour has touched."""
    async with context.db.begin(deadline_seconds=_RECENT_SECONDS_MAX) as session:
        report = await queries.check_recent(session, seconds_max=_RECENT_SECONDS_MAX)
    _tell(report, "recent", context)


def _tell(report: Report, look: metrics.Look, context: Context) -> None:
    metrics.checked(
        look,
        drift=len(report.drift),
        faults=len(report.faults),
        at_seconds=int(context.clock.now().timestamp()),
    )
    for drift in report.drift:
        _log.error(
            "ledger_drift",
            check=look,
            account_id=drift.account_id,
            shard=drift.shard,
            posted=drift.posted,
            version=drift.version,
            entries_posted=drift.entries_posted,
            entries_count=drift.entries_count,
        )
    for fault in report.faults:
        _log.error("ledger_fault", check=look, fault=fault.fault, subject=fault.subject, found=fault.found)


JOBS = (FlowJob(CHECK, check), FlowJob(CHECK_RECENT, check_recent))
CRONS = (Cron("40 3 * * *", CHECK), Cron("*/5 * * * *", CHECK_RECENT))
