"""What each run found, kept for people: one report per provider and run. Inside your transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger.reconciliation.models import ReconciliationReportRow
from cleanly.domain.ledger.reconciliation.rules import ItemKind
from cleanly.domain.ledger.reconciliation.standings import Standing

KEPT = timedelta(days=400)
_FAULT_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Report:
    """One run at one provider. `opened`: new differences; `open_items`: all that nobody has resolved, by kind.

    `standings`: its money per currency, empty if it could not be asked. `fault`: why it could not.
    """

    id: UUID
    provider: str
    provider_account: str
    started_at: datetime
    ended_at: datetime
    imported: int
    booked: int
    opened: int
    open_items: Mapping[str, int]
    standings: Sequence[Mapping[str, Any]]
    fault: str | None

    @property
    def has_agreed(self) -> bool:
        """The provider was asked, and held what our books say."""
        return self.fault is None and not any(standing["difference"] for standing in self.standings)

    @property
    def is_clean(self) -> bool:
        """The books agreed, and nothing waited for a person."""
        return self.has_agreed and not self.open_items


_COLUMNS = tuple(getattr(ReconciliationReportRow, name) for name in Report.__dataclass_fields__)


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


async def read(
    session: AsyncSession, *, provider: str | None = None, before_id: UUID | None = None, limit: int
) -> Sequence[Report]:
    """Newest first; the next page begins before the last one's id."""
    query = select(*_COLUMNS).order_by(ReconciliationReportRow.id.desc()).limit(limit)
    if provider is not None:
        query = query.where(ReconciliationReportRow.provider == provider)
    if before_id is not None:
        query = query.where(ReconciliationReportRow.id < before_id)
    return [Report(*row) for row in await session.execute(query)]


async def latest(session: AsyncSession) -> Sequence[Report]:
    """Each provider's last report, by name."""
    books = (ReconciliationReportRow.provider, ReconciliationReportRow.provider_account)
    query = select(*_COLUMNS).ext(distinct_on(*books)).order_by(*books, ReconciliationReportRow.id.desc())
    return [Report(*row) for row in await session.execute(query)]
