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
from cleanly.domain.ledger.debts import Debtor, debtors
from cleanly.domain.ledger.history import (
    CSV_HEADER,
    CsvBlock,
    HistoryItem,
    HistoryPage,
    Wanted,
    csv_block,
    page,
    prepare,
)
from cleanly.domain.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from cleanly.domain.ledger.moments import month
from cleanly.domain.ledger.spans import Booked, booked
from cleanly.domain.ledger.statements import Moved, Statement, Sums, statement

__all__ = [
    "CSV_HEADER",
    "Balance",
    "Booked",
    "CsvBlock",
    "Debtor",
    "Drift",
    "EntryLine",
    "Extent",
    "Fault",
    "HistoryItem",
    "HistoryPage",
    "Moved",
    "Report",
    "Statement",
    "Sums",
    "Transaction",
    "Wanted",
    "balances",
    "booked",
    "by_reference",
    "check_everything",
    "check_recent",
    "csv_block",
    "debtors",
    "month",
    "page",
    "prepare",
    "statement",
    "transaction",
]


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
