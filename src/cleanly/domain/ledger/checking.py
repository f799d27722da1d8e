"""Prove the books: what a check looks at, and what it finds. Each look is one statement, so one snapshot."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

FOUND_MAX = 1000
RECENT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Drift:
    """A balance that its entries do not explain."""

    account_id: int
    shard: int
    posted: int
    version: int
    entries_posted: int
    entries_count: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can't be in sound books. `subject`: the account's or transaction's id, or the currency."""

    fault: str
    subject: str
    found: str


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a full check has looked at."""

    accounts: int
    balances: int
    transactions: int
    entries: int
    currencies: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found; each list holds at most 1,000. `extent`: None for a look at what is recent."""

    drift: tuple[Drift, ...]
    faults: tuple[Fault, ...]
    extent: Extent | None = None

    @property
    def is_clean(self) -> bool:
        """Nothing was found."""
        return not self.drift and not self.faults


_DRIFT = text(
    """
    SELECT account_id, shard, posted, version, entries_posted::bigint, entries_count FROM ledger_drift
    ORDER BY account_id, shard LIMIT :limit
    """
)
# The view holds what entries say; the last two are about rows that a missing CHECK would have let through.
_FAULTS = text(
    """
    SELECT fault, subject, found FROM ledger_faults
    UNION ALL
    SELECT 'balance_below_floor', b.account_id::text, b.posted::text
    FROM ledger_balances AS b JOIN ledger_accounts AS a ON a.id = b.account_id
    WHERE b.posted < a.min_balance
    UNION ALL
    SELECT 'entry_without_balance', e.account_id::text, count(*)::text
    FROM ledger_entries AS e
    LEFT JOIN ledger_balances AS b ON b.account_id = e.account_id AND b.shard = e.shard
    WHERE b.account_id IS NULL GROUP BY e.account_id
    LIMIT :limit
    """
)
_EXTENT = text(
    """
    SELECT (SELECT count(*) FROM ledger_accounts), (SELECT count(*) FROM ledger_balances),
        (SELECT count(*) FROM ledger_transactions), (SELECT count(*) FROM ledger_entries),
        (SELECT count(DISTINCT currency) FROM ledger_accounts)
    """
)
# The database's own clock, for it wrote created_at.
_RECENT_DRIFT = text(
    """
    WITH touched AS (
        SELECT DISTINCT e.account_id
        FROM ledger_transactions AS t JOIN ledger_entries AS e ON e.transaction_id = t.id
        WHERE t.created_at > now() - make_interval(secs => :seconds)
    )
    SELECT b.account_id, b.shard, b.posted, b.version,
        coalesce(sum(e.amount * a.normal), 0)::bigint, count(e.account_id)
    FROM touched
    JOIN ledger_accounts AS a ON a.id = touched.account_id AND a.min_balance IS NOT NULL
    JOIN ledger_balances AS b ON b.account_id = a.id
    LEFT JOIN ledger_entries AS e ON e.account_id = b.account_id AND e.shard = b.shard
    GROUP BY b.account_id, b.shard
    HAVING b.posted <> coalesce(sum(e.amount * a.normal), 0) OR b.version <> count(e.account_id)
    ORDER BY b.account_id LIMIT :limit
    """
)
_RECENT_FAULTS = text(
    """
    WITH recent AS (
        SELECT id FROM ledger_transactions WHERE created_at > now() - make_interval(secs => :seconds)
    )
    SELECT CASE WHEN count(e.account_id) = 0 THEN 'transaction_without_entries' ELSE 'transaction_not_balanced' END,
        recent.id::text, coalesce(sum(e.amount), 0)::text
    FROM recent LEFT JOIN ledger_entries AS e ON e.transaction_id = recent.id
    GROUP BY recent.id HAVING count(e.account_id) = 0 OR sum(e.amount) <> 0
    UNION ALL
    SELECT 'below_floor', e.account_id::text, e.balance_after::text
    FROM recent JOIN ledger_entries AS e ON e.transaction_id = recent.id
    JOIN ledger_accounts AS a ON a.id = e.account_id
    WHERE e.balance_after < a.min_balance
    LIMIT :limit
    """
)
_PATIENCE = text("SELECT set_config('statement_timeout', :milliseconds, true)")


async def check_everything(session: AsyncSession, *, seconds_max: int) -> Report:
    """Every transaction, balance and floor; a statement may take `seconds_max`, whatever the role's timeout says."""
    await session.execute(_PATIENCE, {"milliseconds": str(seconds_max * 1000)})
    limit = {"limit": FOUND_MAX}
    drift = tuple(Drift(*row) for row in await session.execute(_DRIFT, limit))
    faults = tuple(Fault(*row) for row in await session.execute(_FAULTS, limit))
    extent = Extent(*(await session.execute(_EXTENT)).one())
    return Report(drift, faults, extent)


async def check_recent(session: AsyncSession, *, seconds_max: int = 60) -> Report:
    """The bounded accounts and the transactions of the last hour: cheap enough for every few minutes."""
    await session.execute(_PATIENCE, {"milliseconds": str(seconds_max * 1000)})
    span = {"limit": FOUND_MAX, "seconds": RECENT_SECONDS}
    drift = tuple(Drift(*row) for row in await session.execute(_RECENT_DRIFT, span))
    return Report(drift, tuple(Fault(*row) for row in await session.execute(_RECENT_FAULTS, span)))
