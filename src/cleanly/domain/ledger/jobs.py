"""The books prove themselves: in full every night, what is recent every five minutes. Nothing is ever mended."""

from collections.abc import Sequence

import structlog

from cleanly.domain.ledger import debts, metrics, queries
from cleanly.domain.ledger.messages import BOOKS_BROKEN, CHECK, CHECK_RECENT, BrokenBooks
from cleanly.domain.ledger.queries import Report
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob
from cleanly.platform.jobs import service as jobs

_log = structlog.get_logger(__name__)
SECONDS_MAX = 900
_RECENT_SECONDS_MAX = 60


async def check(context: Context, _tick: Tick) -> None:
    """Every transaction, balance and floor, and every seller."""
    async with context.db.begin(deadline_seconds=SECONDS_MAX) as session:
        report = await queries.check_everything(session, seconds_max=SECONDS_MAX)
        found = await debts.debtors(session)
    _tell(report, "full", context)
    await _alarm(report, "full", context)
    _tell_debtors(found, "full")


async def check_recent(context: Context, _tick: Tick) -> None:
    """What the last hour has touched, and what sellers owe."""
    async with context.db.begin(deadline_seconds=_RECENT_SECONDS_MAX) as session:
        report = await queries.check_recent(session, seconds_max=_RECENT_SECONDS_MAX)
        found = await debts.recent_debtors(session)
        metrics.owed(await debts.owed(session))
    _tell(report, "recent", context)
    await _alarm(report, "recent", context)
    _tell_debtors(found, "recent")


def _tell_debtors(found: Sequence[debts.Debtor], look: metrics.Look) -> None:
    metrics.debtors(look, len(found))
    for one in found:
        _log.error(
            "ledger_debtor_with_money",
            check=look,
            seller=str(one.owner_id),
            currency=one.currency,
            receivable=one.receivable,
            available=one.available,
        )


async def _alarm(report: Report, look: metrics.Look, context: Context) -> None:
    if report.is_clean:
        return
    found = BrokenBooks(check=look, drift=len(report.drift), faults=len(report.faults))
    async with context.db.begin() as session:
        await jobs.enqueue(session, BOOKS_BROKEN, found)


def _tell(report: Report, look: metrics.Look, context: Context) -> None:
    metrics.checked(
        look,
        drift=len(report.drift),
        faults=len(report.faults),
        at_seconds=int(context.clock.seconds()),
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
