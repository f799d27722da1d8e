"""One owner's books over a span of time: what each balance was, what moved it, by kind, and what it came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import moments

_BALANCES: Final = ("pending", "available", "reserve", "disputed", "in_payout", "receivable")
_OWED: Final = "receivable"


@dataclass(frozen=True, slots=True)
class Sums:
    """Minor units by balance, each on its natural side: what a balance is, or by how much it changed."""

    by_balance: Mapping[str, int]

    @property
    def total(self) -> int:
        """What the owner has with us, less what the owner owes us."""
        return sum(-amount if name == _OWED else amount for name, amount in self.by_balance.items())

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums({name: self.by_balance[name] - other.by_balance[name] for name in _BALANCES})


@dataclass(frozen=True, slots=True)
class Moved:
    """What all transactions of one kind did within the span."""

    kind: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Statement:
    """One currency: the balances before the span, what happened in it, the balances after it."""

    currency: str
    opening: Sums
    moved: Sequence[Moved]
    closing: Sums


# One statement, so one snapshot. The closing is today's balance less all that came since: what is read is the time
# since the span began, not the whole history. An owner's accounts are bounded, so each has one shard.
_STATEMENT: Final = text(
    """
    WITH mine AS MATERIALIZED (
        SELECT account.id, account.name, account.normal, account.currency, balance.posted
        FROM ledger_accounts AS account JOIN ledger_balances AS balance ON balance.account_id = account.id
        WHERE account.owner_id = :owner AND (CAST(:currency AS text) IS NULL OR account.currency = :currency)
    )
    SELECT mine.currency, mine.name, '' AS kind,
        CAST(mine.posted - mine.normal * coalesce((
            SELECT sum(amount) FROM ledger_entries WHERE account_id = mine.id AND transaction_id >= :until
        ), 0) AS bigint) AS amount
    FROM mine
    UNION ALL
    SELECT mine.currency, mine.name, moved.kind, CAST(mine.normal * moved.amount AS bigint)
    FROM mine CROSS JOIN LATERAL (
        SELECT booked.kind, sum(entry.amount) AS amount
        FROM ledger_entries AS entry JOIN ledger_transactions AS booked ON booked.id = entry.transaction_id
        WHERE entry.account_id = mine.id AND entry.transaction_id >= :since AND entry.transaction_id < :until
        GROUP BY booked.kind
    ) AS moved
    ORDER BY currency, kind
    """
)


async def statement(
    session: AsyncSession, owner_id: UUID, *, since: datetime, until: datetime, currency: str | None = None
) -> list[Statement]:
    """One per currency that the owner has accounts in; `until` is not part of it. Call `history.prepare` first."""
    values = {
        "owner": owner_id,
        "currency": currency,
        "since": moments.first_id(since),
        "until": moments.first_id(until),
    }
    found: dict[str, dict[str, dict[str, int]]] = {}
    for name, balance, kind, amount in await session.execute(_STATEMENT, values):
        found.setdefault(name, {}).setdefault(kind, {})[balance] = amount
    return [_statement(name, {kind: _sums(part) for kind, part in by_kind.items()}) for name, by_kind in found.items()]


def _sums(by_balance: Mapping[str, int]) -> Sums:
    return Sums({name: by_balance.get(name, 0) for name in _BALANCES})


def _statement(currency: str, by_kind: dict[str, Sums]) -> Statement:
    opening = closing = by_kind.pop("")
    for sums in by_kind.values():
        opening -= sums
    return Statement(currency, opening, [Moved(kind, sums) for kind, sums in by_kind.items()], closing)
