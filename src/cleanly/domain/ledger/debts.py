"""What sellers owe us, and who owes while having something to spend: the one must be taken from the other first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

FOUND_MAX = 1000
RECENT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Debtor:
    """A seller that owes in a currency and has something available in it, in minor units."""

    owner_id: UUID
    currency: str
    receivable: int
    available: int


_OWED = text(
    """
    SELECT a.currency, sum(b.posted)::bigint AS owed
    FROM ledger_accounts AS a JOIN ledger_balances AS b ON b.account_id = a.id
    WHERE a.name = 'receivable' GROUP BY a.currency ORDER BY a.currency
    """
)
_DEBTORS = text(
    """
    SELECT owes.owner_id, owes.currency, owed.posted, has.posted
    FROM ledger_accounts AS owes
    JOIN ledger_balances AS owed ON owed.account_id = owes.id AND owed.posted > 0
    JOIN ledger_accounts AS spends
        ON spends.owner_id = owes.owner_id AND spends.currency = owes.currency AND spends.name = 'available'
    JOIN ledger_balances AS has ON has.account_id = spends.id AND has.posted > 0
    WHERE owes.name = 'receivable'
    ORDER BY owes.owner_id, owes.currency LIMIT :limit
    """
)
# From what was touched on, so that the look costs what happened and not how many sellers there are.
_RECENT_DEBTORS = text(
    """
    WITH touched AS (
        SELECT DISTINCT e.account_id
        FROM ledger_transactions AS t JOIN ledger_entries AS e ON e.transaction_id = t.id
        WHERE t.created_at > now() - make_interval(secs => :seconds)
    ), sellers AS (
        SELECT DISTINCT a.owner_id, a.currency
        FROM touched JOIN ledger_accounts AS a ON a.id = touched.account_id AND a.name IN ('receivable', 'available')
    )
    SELECT sellers.owner_id, sellers.currency, owed.posted, has.posted
    FROM sellers
    JOIN ledger_accounts AS owes
        ON owes.owner_id = sellers.owner_id AND owes.currency = sellers.currency AND owes.name = 'receivable'
    JOIN ledger_balances AS owed ON owed.account_id = owes.id AND owed.posted > 0
    JOIN ledger_accounts AS spends
        ON spends.owner_id = sellers.owner_id AND spends.currency = sellers.currency AND spends.name = 'available'
    JOIN ledger_balances AS has ON has.account_id = spends.id AND has.posted > 0
    ORDER BY sellers.owner_id, sellers.currency LIMIT :limit
    """
)


async def owed(session: AsyncSession) -> Mapping[str, int]:
    """What sellers owe us in all, per currency."""
    return {row.currency: int(row.owed) for row in await session.execute(_OWED)}


async def debtors(session: AsyncSession) -> Sequence[Debtor]:
    """Every seller that owes beside having something; at most 1,000."""
    return [Debtor(*row) for row in await session.execute(_DEBTORS, {"limit": FOUND_MAX})]


async def recent_debtors(session: AsyncSession) -> Sequence[Debtor]:
    """As `debtors`, of those whose money moved in the last hour."""
    found = await session.execute(_RECENT_DEBTORS, {"limit": FOUND_MAX, "seconds": RECENT_SECONDS})
    return [Debtor(*row) for row in found]
