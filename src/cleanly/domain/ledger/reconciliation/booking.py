"""Book what follows from a provider's lines: their cost, what went to our bank or was converted, what is available.

Inside your transaction.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import chart
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.reconciliation import rules
from cleanly.domain.ledger.reconciliation.models import ProviderEntryRow
from cleanly.domain.ledger.service import Place, Posting

BATCH = 250  # lines; each makes at most four postings of a call's thousand
_UNBOOKED = or_(ProviderEntryRow.fee_booked_at.is_(None), ProviderEntryRow.available_booked_at.is_(None))
# A line's kind, and the currency that it was converted from ("" if it was not): they tell which accounts it touches.
Sort = tuple[str, str]
_SORT = tuple_(ProviderEntryRow.kind, func.coalesce(ProviderEntryRow.original_currency, ""))


async def due(session: AsyncSession, provider: str, *, now: datetime) -> Mapping[str, Collection[Sort]]:
    """In which currencies something waits to be booked, and what sorts of lines."""
    original = func.coalesce(ProviderEntryRow.original_currency, "")
    query = select(ProviderEntryRow.currency, ProviderEntryRow.kind, original).where(*_due(provider, now)).distinct()
    found: dict[str, list[Sort]] = defaultdict(list)
    for currency, kind, converted_from in await session.execute(query.order_by(ProviderEntryRow.currency)):
        found[currency].append((kind, converted_from))
    return found


def _due(provider: str, now: datetime) -> tuple[Any, ...]:
    is_due = or_(ProviderEntryRow.fee_booked_at.is_(None), ProviderEntryRow.available_on <= now)
    return (ProviderEntryRow.provider == provider, _UNBOOKED, is_due)


def places(provider: str, currency: str, sorts: Collection[Sort]) -> tuple[Place, ...]:
    """Every account that booking such lines touches: open them before, in a transaction of their own."""
    clearing = chart.clearing(provider)
    found = {
        Place(None, account, currency)
        for account in (clearing, chart.provider(provider), chart.PROVIDER_FEES, chart.DISPUTE_FEES)
    }
    for kind, converted_from in sorts:
        # The amounts do not matter here, only that there are some.
        for leg in rules.legs(kind, gross=1, currency=currency, original=1, original_currency=converted_from or None):
            found |= {Place(None, clearing, leg.currency), Place(None, leg.account, leg.currency)}
    return tuple(sorted(found, key=lambda place: (place.account.name, place.currency)))


async def book(session: AsyncSession, provider: str, currency: str, sorts: Collection[Sort], *, now: datetime) -> int:
    """Book what follows from lines of these sorts in one currency; how many lines. At most a batch.

    A sort that was imported meanwhile waits for the next run: its accounts may not be open. Posts to the ledger as its
    last statement.
    """
    found = await session.scalars(
        select(ProviderEntryRow)
        .where(*_due(provider, now), ProviderEntryRow.currency == currency, _SORT.in_(list(sorts)))
        .order_by(ProviderEntryRow.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = found.all()
    wanted = places(provider, currency, sorts)
    ids = dict(zip(wanted, await ledger.accounts(session, *wanted), strict=True))
    postings = [posting for row in rows for posting in _postings(row, ids, now=now)]
    await session.flush()
    if postings:
        await ledger.post(session, *postings)
    return len(rows)


def _postings(row: ProviderEntryRow, ids: Mapping[Place, int], *, now: datetime) -> list[Posting]:
    """What follows from a line; the line is marked with it."""
    moved: list[rules.Leg] = []
    if row.fee_booked_at is None:
        row.fee_booked_at = now
        if cost := rules.cost(row.kind, gross=row.gross, fee=row.fee):
            moved.append(rules.Leg("fee", rules.cost_account(row.kind), cost, row.currency))
        moved += rules.legs(
            row.kind,
            gross=row.gross,
            currency=row.currency,
            original=row.original_amount or 0,
            original_currency=row.original_currency,
        )
    if row.available_booked_at is None and row.available_on is not None and row.available_on <= now:
        row.available_booked_at = now
        if row.net:
            moved.append(rules.Leg("available", chart.provider(row.provider), row.net, row.currency))
    # What is withheld is still held: nothing moved.
    return [] if row.kind == rules.HOLD else [_posting(row, leg, ids) for leg in moved]


def _posting(row: ProviderEntryRow, leg: rules.Leg, ids: Mapping[Place, int]) -> Posting:
    debited = ids[Place(None, leg.account, leg.currency)]
    credited = ids[Place(None, chart.clearing(row.provider), leg.currency)]
    # No provider_object: this is the provider's own word, nothing to hold against it.
    return Posting(
        reference=f"provider_entry:{row.id}:{leg.step}",
        kind=f"provider_entry.{leg.step}",
        currency=leg.currency,
        entries=((debited, leg.amount), (credited, -leg.amount)),
        source_id=row.id,
        meta={"provider_entry": f"{row.provider}:{row.provider_entry_id}"},
    )
