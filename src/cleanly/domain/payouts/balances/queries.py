"""Read a seller's balances as one value per currency."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import queries as ledger


@dataclass(frozen=True, slots=True)
class Balance:
    """What a seller has in one currency, in minor units.

    `held`: kept back after captures. `in_transit`: on its way out. `receivable`: what the seller owes us.
    """

    currency: str
    held: int
    reserve: int
    disputed: int
    available: int
    in_transit: int
    receivable: int

    @property
    def pending(self) -> int:
        """The seller's, but not yet free."""
        return self.held + self.reserve + self.disputed


async def of_seller(session: AsyncSession, seller_id: UUID) -> list[Balance]:
    """By currency; one for each in which the seller has ever sold. One statement, so one snapshot."""
    by_currency: dict[str, dict[str, int]] = defaultdict(dict)
    for found in await ledger.balances(session, seller_id):
        by_currency[found.currency][found.name] = found.amount
    return [_balance(currency, amounts) for currency, amounts in sorted(by_currency.items())]


def _balance(currency: str, amounts: Mapping[str, int]) -> Balance:
    return Balance(
        currency=currency,
        held=amounts.get("pending", 0),
        reserve=amounts.get("reserve", 0),
        disputed=amounts.get("disputed", 0),
        available=amounts.get("available", 0),
        in_transit=amounts.get("in_payout", 0),
        receivable=amounts.get("receivable", 0),
    )
