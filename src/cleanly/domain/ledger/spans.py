"""What a span of time did to the platform's accounts, by kind of transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import moments


@dataclass(frozen=True, slots=True)
class Booked:
    """All transactions of one kind on one account in one currency; a family's members (`clearing.…`) count as one.

    `amount`: + debit, - credit.
    """

    currency: str
    kind: str
    account: str
    amount: int
    transactions: int


_BOOKED: Final = text(
    """
    SELECT booked.currency, booked.kind, split_part(account.name, '.', 1) AS family, sum(entry.amount)::bigint,
        count(DISTINCT booked.id)
    FROM ledger_transactions AS booked
    JOIN ledger_entries AS entry ON entry.transaction_id = booked.id
    JOIN ledger_accounts AS account ON account.id = entry.account_id AND account.owner_id IS NULL
    WHERE booked.id >= :since AND booked.id < :until
    GROUP BY booked.currency, booked.kind, family ORDER BY booked.currency, booked.kind, family
    """
)


async def booked(session: AsyncSession, *, since: datetime, until: datetime) -> Sequence[Booked]:
    """`until` is not part of it."""
    values = {"since": moments.first_id(since), "until": moments.first_id(until)}
    return [Booked(*row) for row in await session.execute(_BOOKED, values)]
