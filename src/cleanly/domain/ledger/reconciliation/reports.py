"""Keep what each run found, for people: one report per provider and run. Inside your transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger.reconciliation.models import ReconciliationReportRow
from cleanly.domain.ledger.reconciliation.rules import ItemKind
from cleanly.domain.ledger.reconciliation.standings import Standing

KEPT = timedelta(days=400)
_FAULT_LENGTH_MAX = 500


async def write(
    session: AsyncSession,
    *,
    provider: str,
    account: str,
    started_at: datetime,
    ended_at: datetime,
    counts: tuple[int, int, int],
    open_items: Mapping[ItemKind, int],
    standings: Sequence[Standing],
    fault: Exception | None,
) -> None:
    """Keep a run's report, forget very old ones. `counts`: imported, booked, opened."""
    imported, booked, opened = counts
    session.add(
        ReconciliationReportRow(
            provider=provider,
            provider_account=account,
            started_at=started_at,
            ended_at=ended_at,
            imported=imported,
            booked=booked,
            opened=opened,
            open_items=dict(open_items),
            standings=[standing.shown() for standing in standings],
            fault=None if fault is None else f"{type(fault).__name__}: {fault}"[:_FAULT_LENGTH_MAX],
        )
    )
    await session.execute(delete(ReconciliationReportRow).where(ReconciliationReportRow.started_at < started_at - KEPT))
