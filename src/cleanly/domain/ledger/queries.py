"""Read the books as frozen values: balances, transactions, histories, and what a check of them finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger.chart import Kind
from cleanly.domain.ledger.checking import Drift, Extent, Fault, Report, check_everything, check_recent
from cleanly.domain.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction

__all__ = [
    "Balance",
    "Drift",
    "EntryLine",
    "Extent",
    "Fault",
    "HistoryItem",
    "Report",
    "Transaction",
    "balances",
    "by_reference",
    "check_everything",
    "check_recent",
    "history",
    "transaction",
]

HISTORY_MAX = 1000


@dataclass(frozen=True, slots=True)
class Balance:
    """One account's balance in minor units, on its natural side: what a liability owes, what an asset holds."""

    owner_id: UUID | None
    name: str
    kind: Kind
    currency: str
    amount: int
    entries: int


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry: + debit, - credit. `balance_after` is known for bounded accounts only."""

    account_id: int
    owner_id: UUID | None
    name: str
    amount: int
    balance_after: int | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """One event in the books, whole."""

    id: UUID
    reference: str
    kind: str
    currency: str
    source_id: UUID | None
    reverses_id: UUID | None
    meta: Mapping[str, str]
    created_at: datetime
    entries: tuple[EntryLine, ...]


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """What one transaction did to one owner.

    `amount`: what the owner has more (or less) with us, the debt included; 0 for a mere move between balances.
    `changes`: each touched balance's change on its natural side, by the account's name.
    """

    id: UUID
    kind: str
    created_at: datetime
    currency: str
    amount: int
    source_id: UUID | None
    changes: Mapping[str, int]


# The view groups by account, so the owner's filter reaches the index below it. All shards in one snapshot.
_BALANCES_OF_OWNER = text(
    """
    SELECT owner_id, name, kind, currency, posted, entries FROM ledger_totals
    WHERE owner_id = :owner ORDER BY currency, name
    """
)
_BALANCES_OF_PLATFORM = text(
    """
    SELECT owner_id, name, kind, currency, posted, entries FROM ledger_totals
    WHERE owner_id IS NULL ORDER BY currency, name
    """
)
# The newest of each account first, and only then the newest of all: a long history is not read to show its head.
_HISTORY = text(
    """
    WITH mine AS (
        SELECT id, name, normal FROM ledger_accounts
        WHERE owner_id = :owner AND (CAST(:currency AS text) IS NULL OR currency = :currency)
    ), newest AS (
        SELECT DISTINCT e.transaction_id
        FROM mine CROSS JOIN LATERAL (
            SELECT transaction_id FROM ledger_entries
            WHERE account_id = mine.id
                AND (CAST(:before AS uuid) IS NULL OR transaction_id < CAST(:before AS uuid))
            ORDER BY transaction_id DESC LIMIT :limit
        ) AS e
        ORDER BY e.transaction_id DESC LIMIT :limit
    )
    SELECT t.id, t.kind, t.created_at, t.currency, (-sum(e.amount))::bigint AS amount, t.source_id,
        jsonb_object_agg(mine.name, e.amount * mine.normal) AS changes
    FROM newest
    JOIN ledger_transactions AS t ON t.id = newest.transaction_id
    JOIN ledger_entries AS e ON e.transaction_id = t.id
    JOIN mine ON mine.id = e.account_id
    GROUP BY t.id ORDER BY t.id DESC
    """
)


async def balances(session: AsyncSession, owner_id: UUID | None) -> list[Balance]:
    """Every account of an owner, or of the platform (None), by currency and name."""
    if owner_id is None:
        rows = await session.execute(_BALANCES_OF_PLATFORM)
    else:
        rows = await session.execute(_BALANCES_OF_OWNER, {"owner": owner_id})
    return [Balance(*row) for row in rows]


async def transaction(session: AsyncSession, transaction_id: UUID) -> Transaction | None:
    """A transaction by its id."""
    return await _whole(session, await session.get(LedgerTransaction, transaction_id))


async def by_reference(session: AsyncSession, reference: str) -> Transaction | None:
    """A transaction by the name of its event: what a reversal mirrors."""
    return await _whole(
        session, await session.scalar(select(LedgerTransaction).where(LedgerTransaction.reference == reference))
    )


async def _whole(session: AsyncSession, row: LedgerTransaction | None) -> Transaction | None:
    if row is None:
        return None
    lines = await session.execute(
        select(
            LedgerEntry.account_id,
            LedgerAccount.owner_id,
            LedgerAccount.name,
            LedgerEntry.amount,
            LedgerEntry.balance_after,
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerEntry.transaction_id == row.id)
        .order_by(LedgerEntry.account_id)
    )
    return Transaction(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        currency=row.currency,
        source_id=row.source_id,
        reverses_id=row.reverses_id,
        meta=cast("dict[str, str]", row.meta),
        created_at=row.created_at,
        entries=tuple(EntryLine(*line) for line in lines),
    )


async def history(
    session: AsyncSession, owner_id: UUID, *, currency: str | None = None, before: UUID | None = None, limit: int = 20
) -> list[HistoryItem]:
    """What happened to an owner, newest first; the next page begins before the last one's id."""
    rows = await session.execute(
        _HISTORY,
        {"owner": owner_id, "currency": currency, "before": before, "limit": min(limit, HISTORY_MAX)},
    )
    return [HistoryItem(*row) for row in rows]
