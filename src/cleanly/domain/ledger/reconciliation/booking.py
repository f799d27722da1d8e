"""Book what follows from a provider's lines: what they cost, and what has become available. Inside your transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import chart
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.reconciliation import rules
from cleanly.domain.ledger.reconciliation.models import ProviderEntryRow
from cleanly.domain.ledger.service import Place, Posting

BATCH = 400  # lines; each makes at most two postings of a call's thousand
_UNBOOKED = or_(ProviderEntryRow.fee_booked_at.is_(None), ProviderEntryRow.available_booked_at.is_(None))


async def due_currencies(session: AsyncSession, provider: str, *, now: datetime) -> list[str]:
    """In which currencies something waits to be booked."""
    query = select(ProviderEntryRow.currency).where(*_due(provider, now)).distinct()
    return list(await session.scalars(query.order_by(ProviderEntryRow.currency)))


def _due(provider: str, now: datetime) -> tuple[Any, ...]:
    is_due = or_(ProviderEntryRow.fee_booked_at.is_(None), ProviderEntryRow.available_on <= now)
    return (ProviderEntryRow.provider == provider, _UNBOOKED, is_due)


def places(provider: str, currency: str) -> tuple[Place, ...]:
    """Every account that booking a line touches: open them before, in a transaction of their own."""
    accounts = (chart.clearing(provider), chart.provider(provider), chart.PROVIDER_FEES, chart.DISPUTE_FEES)
    return tuple(Place(None, account, currency) for account in accounts)


async def book(session: AsyncSession, provider: str, currency: str, *, now: datetime) -> int:
    """Book what lines of one currency cost, and what has become available; how many lines. At most a batch.

    Posts to the ledger as its last statement.
    """
    found = await session.scalars(
        select(ProviderEntryRow)
        .where(*_due(provider, now), ProviderEntryRow.currency == currency)
        .order_by(ProviderEntryRow.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = found.all()
    wanted = places(provider, currency)
    ids = await ledger.accounts(session, *wanted)
    by_name = {place.account: account_id for place, account_id in zip(wanted, ids, strict=True)}
    postings = [posting for row in rows for posting in _postings(row, by_name, now=now)]
    await session.flush()
    if postings:
        await ledger.post(session, *postings)
    return len(rows)


def _postings(row: ProviderEntryRow, ids: Mapping[chart.Account, int], *, now: datetime) -> list[Posting]:
    """What follows from a line; the line is marked with it."""
    clearing, found = ids[chart.clearing(row.provider)], list[Posting]()
    if row.fee_booked_at is None:
        row.fee_booked_at = now
        cost = rules.cost(row.kind, gross=row.gross, fee=row.fee)
        if cost:
            found.append(_posting(row, "fee", ids[rules.cost_account(row.kind)], clearing, cost))
    if row.available_booked_at is None and row.available_on is not None and row.available_on <= now:
        row.available_booked_at = now
        if row.net:
            found.append(_posting(row, "available", ids[chart.provider(row.provider)], clearing, row.net))
    return found


def _posting(row: ProviderEntryRow, step: str, debited: int, clearing: int, amount: int) -> Posting:
    # No provider_object: this is the provider's own word, nothing to hold against it.
    return Posting(
        reference=f"provider_entry:{row.id}:{step}",
        kind=f"provider_entry.{step}",
        currency=row.currency,
        entries=((debited, amount), (clearing, -amount)),
        source_id=row.id,
        meta={"provider_entry": f"{row.provider}:{row.provider_entry_id}"},
    )
