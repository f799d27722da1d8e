"""How each provider's money stands, per currency, and since when it differs from our books. Inside your transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import chart
from cleanly.domain.ledger.reconciliation import rules
from cleanly.domain.ledger.reconciliation.models import ProviderStandingRow
from cleanly.kernel.clock import rfc3339
from cleanly.platform.providers.protocol import Balance


@dataclass(frozen=True, slots=True)
class Ours:
    """A provider's money in one currency by our books, in minor units. `coming`: told, not available yet."""

    currency: str
    provider: int = 0
    clearing: int = 0
    coming: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Both sides of a provider's money in one currency. `difference`: what it holds less what our books say."""

    currency: str
    held: int
    booked: int
    coming: int
    clearing: int
    difference: int
    differs_since: datetime | None

    def shown(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "currency": self.currency,
            "held": self.held,
            "booked": self.booked,
            "coming": self.coming,
            "clearing": self.clearing,
            "difference": self.difference,
            "differsSince": None if self.differs_since is None else rfc3339(self.differs_since),
        }


_OURS = text(
    """
    SELECT currency, sum(provider)::bigint, sum(clearing)::bigint, sum(coming)::bigint
    FROM (
        SELECT currency, CASE WHEN name = :held THEN posted ELSE 0 END AS provider,
            CASE WHEN name = :clearing THEN posted ELSE 0 END AS clearing, 0 AS coming
        FROM ledger_totals WHERE owner_id IS NULL AND name IN (:held, :clearing)
        UNION ALL
        SELECT currency, 0, 0, net FROM provider_entries
        WHERE provider = :provider AND available_booked_at IS NULL AND kind <> :hold
    ) AS parts
    GROUP BY currency ORDER BY currency
    """
)


async def ours(session: AsyncSession, provider: str) -> list[Ours]:
    """What our books say that a provider holds, per currency. One statement, so one snapshot."""
    values = {
        "provider": provider,
        "held": chart.provider(provider).name,
        "clearing": chart.clearing(provider).name,
        "hold": rules.HOLD,
    }
    return [Ours(*row) for row in await session.execute(_OURS, values)]


async def weigh(
    session: AsyncSession, provider: str, account: str, before: Balance, after: Balance, *, now: datetime
) -> list[Standing]:
    """Hold what the provider holds against our books, in every currency that either knows, and keep what was found."""
    booked = {found.currency: found for found in await ours(session, provider)}
    known = await _known(session, provider, account)
    found: list[Standing] = []
    for currency in sorted({*booked, *before.available, *before.pending, *after.available, *after.pending}):
        mine = booked.get(currency) or Ours(currency)
        difference = rules.difference(held(before, currency), held(after, currency), ours=mine.provider + mine.coming)
        row = known.get(currency)
        since = rules.differs_since(
            0 if row is None else row.difference, None if row is None else row.differs_since, difference, now=now
        )
        one = Standing(currency, held(after, currency), mine.provider, mine.coming, mine.clearing, difference, since)
        await _keep(session, provider, account, one, now=now)
        found.append(one)
    return found


def held(balance: Balance, currency: str) -> int:
    """All that a provider holds in a currency, whether we may use it yet or not."""
    return balance.available.get(currency, 0) + balance.pending.get(currency, 0)


def overdue(standings: Sequence[Standing], *, now: datetime) -> list[Standing]:
    """Those that have differed for too long."""
    return [
        one for one in standings if one.differs_since is not None and now - one.differs_since >= rules.BALANCE_GRACE
    ]


async def _known(session: AsyncSession, provider: str, account: str) -> dict[str, ProviderStandingRow]:
    rows = await session.scalars(
        select(ProviderStandingRow)
        .where(ProviderStandingRow.provider == provider, ProviderStandingRow.provider_account == account)
        .with_for_update()
    )
    return {row.currency: row for row in rows}


async def _keep(session: AsyncSession, provider: str, account: str, one: Standing, *, now: datetime) -> None:
    figures = {
        "held": one.held,
        "booked": one.booked,
        "coming": one.coming,
        "clearing": one.clearing,
        "difference": one.difference,
        "differs_since": one.differs_since,
        "looked_at": now,
    }
    statement = insert(ProviderStandingRow).values(
        provider=provider, provider_account=account, currency=one.currency, **figures
    )
    await session.execute(
        statement.on_conflict_do_update(index_elements=["provider", "provider_account", "currency"], set_=figures)
    )
