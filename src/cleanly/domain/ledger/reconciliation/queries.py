"""Read lines and differences as frozen values."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import chart
from cleanly.domain.ledger.reconciliation import rules
from cleanly.domain.ledger.reconciliation.models import (
    ProviderEntryRow,
    ReconciliationItemRow,
    ReconciliationReportRow,
)
from cleanly.domain.ledger.reconciliation.rules import ItemKind, Line


@dataclass(frozen=True, slots=True)
class Item:
    """One difference and what became of it. `details`: both sides as they were seen, amounts in minor units."""

    id: UUID
    kind: ItemKind
    provider: str
    provider_account: str
    object: str
    details: Mapping[str, Any]
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: UUID | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Lines:
    """Both sides of one object."""

    theirs: tuple[Line, ...]
    ours: tuple[Line, ...]


_COLUMNS = tuple(getattr(ReconciliationItemRow, name) for name in Item.__dataclass_fields__)

_UNMATCHED = text(
    """
    SELECT object FROM (
        SELECT object FROM provider_entries
        WHERE provider = :provider AND provider_account = :account AND match = 'open'
        UNION
        SELECT substr(t.meta ->> 'provider_object', length(:provider) + 2)
        FROM ledger_transactions AS t
        WHERE t.created_at > coalesce(CAST(:judged_until AS timestamptz), '-infinity') AND t.created_at <= :horizon
            AND t.meta ? 'provider_object' AND starts_with(t.meta ->> 'provider_object', :provider || ':')
            AND NOT EXISTS (SELECT FROM provider_entries AS p WHERE p.matched_transaction_id = t.id)
            AND EXISTS (
                SELECT FROM ledger_entries AS e JOIN ledger_accounts AS a ON a.id = e.account_id
                WHERE e.transaction_id = t.id AND a.owner_id IS NULL AND a.name = :clearing)
    ) AS waiting
    WHERE object > :after ORDER BY object LIMIT :limit
    """
)
# One entry per account and transaction, so each row is one movement.
_OURS = text(
    """
    SELECT t.id, t.reference, substr(t.meta ->> 'provider_object', length(:provider) + 2) AS object, e.amount,
        t.currency, t.created_at <= :horizon AS is_due, p.id IS NULL AS is_open
    FROM ledger_transactions AS t
    JOIN ledger_entries AS e ON e.transaction_id = t.id
    JOIN ledger_accounts AS a ON a.id = e.account_id AND a.owner_id IS NULL AND a.name = :clearing
    LEFT JOIN provider_entries AS p ON p.matched_transaction_id = t.id
    WHERE t.meta ? 'provider_object' AND (t.meta ->> 'provider_object') = ANY(CAST(:objects AS text[]))
    ORDER BY t.created_at, t.id
    """
)
_OLDEST_OF_OURS = text(
    """
    SELECT min(created_at) FROM ledger_transactions
    WHERE meta ? 'provider_object' AND starts_with(meta ->> 'provider_object', :provider || ':')
    """
)
_HORIZON = text("SELECT now() - CAST(:grace AS interval)")


async def horizon(session: AsyncSession) -> datetime:
    """What we booked until then the provider must have told. By the database's clock, which dated our books."""
    found: datetime = (await session.execute(_HORIZON, {"grace": rules.PROVIDER_GRACE})).scalar_one()
    return found


async def oldest_of_ours(session: AsyncSession, provider: str) -> datetime | None:
    """When our books first speak of this provider."""
    found: datetime | None = (await session.execute(_OLDEST_OF_OURS, {"provider": provider})).scalar_one()
    return found


async def unmatched(
    session: AsyncSession,
    provider: str,
    account: str,
    *,
    judged_until: datetime | None,
    horizon: datetime,
    after: str,
    limit: int,
) -> list[str]:
    """Objects with something to judge, by name."""
    values = {
        "provider": provider,
        "account": account,
        "clearing": chart.clearing(provider).name,
        "judged_until": judged_until,
        "horizon": horizon,
        "after": after,
        "limit": limit,
    }
    return list((await session.execute(_UNMATCHED, values)).scalars())


async def lines_of(
    session: AsyncSession, provider: str, account: str, objects: Sequence[str], *, horizon: datetime, now: datetime
) -> dict[str, Lines]:
    """Both sides of these objects, in the order of time, matched ones too."""
    theirs: dict[str, list[Line]] = defaultdict(list)
    ours: dict[str, list[Line]] = defaultdict(list)
    entries = await session.scalars(
        select(ProviderEntryRow)
        .where(
            ProviderEntryRow.provider == provider,
            ProviderEntryRow.provider_account == account,
            ProviderEntryRow.object.in_(objects),
            ProviderEntryRow.match != "none",
        )
        .order_by(ProviderEntryRow.created_at, ProviderEntryRow.provider_entry_id)
    )
    for row in entries:
        is_due = rules.is_missing_due(row.created_at, row.imported_at, now=now)
        # We booked what moved before it was converted.
        moved = row.gross if row.original_amount is None else row.original_amount
        currency = row.original_currency or row.currency
        line = Line(row.id, row.provider_entry_id, moved, currency, row.match == "open", is_due)
        theirs[row.object].append(line)
    values = {
        "provider": provider,
        "clearing": chart.clearing(provider).name,
        "horizon": horizon,
        "objects": [f"{provider}:{name}" for name in objects],
    }
    for booked in await session.execute(_OURS, values):
        line = Line(booked.id, booked.reference, booked.amount, booked.currency, booked.is_open, booked.is_due)
        ours[booked.object].append(line)
    return {name: Lines(tuple(theirs[name]), tuple(ours[name])) for name in objects}


def item(row: ReconciliationItemRow) -> Item:
    """The difference that a row holds."""
    return Item(**{name: getattr(row, name) for name in Item.__dataclass_fields__})


async def open_items(session: AsyncSession, *, provider: str | None = None) -> dict[ItemKind, int]:
    """How many differences are open, by kind; of all providers, or of one."""
    query = (
        select(ReconciliationItemRow.kind, func.count())
        .where(ReconciliationItemRow.resolved_at.is_(None))
        .group_by(ReconciliationItemRow.kind)
    )
    if provider is not None:
        query = query.where(ReconciliationItemRow.provider == provider)
    return {cast("ItemKind", kind): count for kind, count in await session.execute(query)}


async def items(
    session: AsyncSession,
    *,
    is_open: bool | None = None,
    kind: ItemKind | None = None,
    provider: str | None = None,
    before_id: UUID | None = None,
    limit: int,
) -> Sequence[Item]:
    """Newest first; the next page begins before the last one's id."""
    query = select(*_COLUMNS).order_by(ReconciliationItemRow.id.desc()).limit(limit)
    if is_open is not None:
        resolved_at = ReconciliationItemRow.resolved_at
        query = query.where(resolved_at.is_(None) if is_open else resolved_at.is_not(None))
    if kind is not None:
        query = query.where(ReconciliationItemRow.kind == kind)
    if provider is not None:
        query = query.where(ReconciliationItemRow.provider == provider)
    if before_id is not None:
        query = query.where(ReconciliationItemRow.id < before_id)
    return [Item(*row) for row in await session.execute(query)]


async def available_on(
    session: AsyncSession, provider: str, account: str, objects: Sequence[str]
) -> dict[str, datetime]:
    """When the money of these charges is available at the provider, by its own lines; unknown ones are left out."""
    rows = await session.execute(
        select(ProviderEntryRow.object, func.max(ProviderEntryRow.available_on))
        .where(
            ProviderEntryRow.provider == provider,
            ProviderEntryRow.provider_account == account,
            ProviderEntryRow.object.in_(objects),
            ProviderEntryRow.kind == "charge",
        )
        .group_by(ProviderEntryRow.object)
        .having(func.bool_and(ProviderEntryRow.available_on.is_not(None)))
    )
    return {name: moment for name, moment in rows if moment is not None}


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


_REPORT_COLUMNS = tuple(getattr(ReconciliationReportRow, name) for name in Report.__dataclass_fields__)


async def reports(
    session: AsyncSession, *, provider: str | None = None, before_id: UUID | None = None, limit: int
) -> Sequence[Report]:
    """Newest first; the next page begins before the last one's id."""
    query = select(*_REPORT_COLUMNS).order_by(ReconciliationReportRow.id.desc()).limit(limit)
    if provider is not None:
        query = query.where(ReconciliationReportRow.provider == provider)
    if before_id is not None:
        query = query.where(ReconciliationReportRow.id < before_id)
    return [Report(*row) for row in await session.execute(query)]


async def latest_reports(session: AsyncSession) -> Sequence[Report]:
    """Each provider's last report, by name."""
    books = (ReconciliationReportRow.provider, ReconciliationReportRow.provider_account)
    query = select(*_REPORT_COLUMNS).ext(distinct_on(*books)).order_by(*books, ReconciliationReportRow.id.desc())
    return [Report(*row) for row in await session.execute(query)]
