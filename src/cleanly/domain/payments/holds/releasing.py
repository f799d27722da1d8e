"""Release what has rested long enough, inside the caller's transaction: a page of holds, one posting call.

Which holds are done and what was posted commit together, and each hold's posting has its own reference: a crash
anywhere, or two who release at once, release once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.reconciliation import queries as provider_books
from cleanly.domain.ledger.service import Account, Entry, Place, Posting, chart
from cleanly.domain.payments.holds import queries, rules
from cleanly.domain.payments.holds.rules import Terms
from cleanly.domain.payments.models import HoldRow, PaymentRow
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.kernel.ids import new_id

_TOUCHED = (chart.PENDING, chart.RESERVE, chart.AVAILABLE, chart.RECEIVABLE)
_SOURCES = {"pending": chart.PENDING, "reserve": chart.RESERVE}
_log = structlog.get_logger(__name__)

Key = tuple[datetime, UUID]
"""Where a walk through the holds stands: their order."""

_KNOWN = text(
    """
    UPDATE holds SET available_on = told.available_on, release_at = greatest(holds.release_at, told.available_on)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS timestamptz[])) AS told (id, available_on)
    WHERE holds.id = told.id
    """
)


async def learn(session: AsyncSession, *, after: Key | None, limit: int, now: datetime) -> Key | None:
    """Ask the imported books when the money of due holds is available at the provider; where to go on, None: done.

    A hold of which the provider has said nothing stays as it is. One that refunds have emptied needs nobody's word.
    """
    query = (
        select(
            HoldRow.id,
            HoldRow.release_at,
            HoldRow.remaining,
            PaymentRow.provider,
            PaymentRow.provider_account,
            PaymentRow.provider_charge_id,
            PaymentRow.provider_payment_id,
        )
        .join(PaymentRow, PaymentRow.id == HoldRow.payment_id)
        .where(HoldRow.released_at.is_(None), HoldRow.available_on.is_(None), HoldRow.release_at <= now)
        .order_by(HoldRow.release_at, HoldRow.id)
        .limit(limit)
        .with_for_update(of=HoldRow, skip_locked=True)
    )
    if after is not None:
        query = query.where(tuple_(HoldRow.release_at, HoldRow.id) > after)
    rows = (await session.execute(query)).all()
    empty = [row.id for row in rows if row.remaining == 0]
    if empty:
        await session.execute(update(HoldRow).where(HoldRow.id.in_(empty)).values(released_at=now))
    told = await _told(session, [row for row in rows if row.remaining > 0])
    if told:
        await session.execute(_KNOWN, {"ids": list(told), "days": list(told.values())})
    return (rows[-1].release_at, rows[-1].id) if len(rows) == limit else None


async def _told(session: AsyncSession, rows: Sequence[Any]) -> dict[UUID, datetime]:
    by_books: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        by_books[row.provider, row.provider_account].append(row)
    told: dict[UUID, datetime] = {}
    for (provider, account), mine in by_books.items():
        named = {row.id: row.provider_charge_id or row.provider_payment_id for row in mine}
        days = await provider_books.available_on(session, provider, account, [name for name in named.values() if name])
        told |= {hold_id: days[name] for hold_id, name in named.items() if name in days}
    return told


@dataclass(frozen=True, slots=True)
class Released:
    """What a page of releases did. `claimed` below the limit: nothing more was due."""

    claimed: int
    released: int
    uncovered: int


@dataclass(slots=True)
class _Seller:
    """One seller's accounts in one currency, and what they hold as the page goes on."""

    ids: Mapping[Account, int]
    balances: dict[Account, int]
    terms: Terms


@dataclass(slots=True)
class _Plan:
    """What a page comes to."""

    postings: list[Posting] = field(default_factory=list[Posting])
    reserves: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    released: list[UUID] = field(default_factory=list[UUID])
    uncovered: list[UUID] = field(default_factory=list[UUID])


async def release(session: AsyncSession, *, limit: int, now: datetime, settings: PaymentSettings) -> Released:
    """Release at most `limit` due holds that nobody else has locked. Posts to the ledger as its last statement."""
    rows = (
        await session.execute(
            select(
                HoldRow.id,
                HoldRow.payment_id,
                HoldRow.seller_id,
                HoldRow.kind,
                HoldRow.currency,
                HoldRow.remaining,
                HoldRow.available_on,
                PaymentRow.description,
            )
            .join(PaymentRow, PaymentRow.id == HoldRow.payment_id)
            .where(HoldRow.released_at.is_(None), HoldRow.available_on.is_not(None), HoldRow.release_at <= now)
            .order_by(HoldRow.release_at, HoldRow.id)
            .limit(limit)
            .with_for_update(of=HoldRow, skip_locked=True)
        )
    ).all()
    if not rows:
        return Released(0, 0, 0)
    sellers = await _sellers(session, rows, settings)
    plan = _Plan()
    for row in rows:
        _plan(plan, row, sellers[row.seller_id, row.currency], now=now, settings=settings)
    await _mark(session, plan, now=now)
    if plan.postings:
        await ledger.post(session, *plan.postings)
    return Released(len(rows), len(plan.released), len(plan.uncovered))


async def _sellers(
    session: AsyncSession, rows: Iterable[Any], settings: PaymentSettings
) -> dict[tuple[UUID, str], _Seller]:
    """Every seller of a page, their balances locked until the transaction ends."""
    owners = sorted({(row.seller_id, row.currency) for row in rows})
    terms = await queries.terms_of_all(session, {owner for owner, _ in owners}, settings)
    places = [Place(owner, account, currency) for owner, currency in owners for account in _TOUCHED]
    ids = dict(zip(places, await ledger.accounts(session, *places), strict=True))
    held = await ledger.lock(session, ids.values())
    found: dict[tuple[UUID, str], _Seller] = {}
    for owner, currency in owners:
        mine = {account: ids[Place(owner, account, currency)] for account in _TOUCHED}
        found[owner, currency] = _Seller(mine, {account: held[one] for account, one in mine.items()}, terms[owner])
    return found


def _plan(plan: _Plan, row: Any, seller: _Seller, *, now: datetime, settings: PaymentSettings) -> None:
    source = _SOURCES[row.kind]
    if seller.balances[source] < row.remaining:
        # The books and the holds disagree. One seller's fault must not stop everybody's money.
        _log.error("hold_uncovered", hold=str(row.id), kind=row.kind, held=row.remaining)
        plan.uncovered.append(row.id)
        return
    plan.released.append(row.id)
    if row.remaining == 0:
        return
    parts = rules.split(
        row.remaining,
        row.currency,
        owed=seller.balances[chart.RECEIVABLE],
        reserve_basis_points=seller.terms.reserve_basis_points if row.kind == "pending" else 0,
    )
    seller.balances[source] -= row.remaining
    seller.balances[chart.RECEIVABLE] -= parts.receivable
    seller.balances[chart.RESERVE] += parts.reserve
    if parts.reserve:
        plan.reserves.append(_reserve(row, parts.reserve, now=now, settings=settings))
    entries: tuple[Entry, ...] = (
        (seller.ids[source], row.remaining),
        (seller.ids[chart.RECEIVABLE], -parts.receivable),
        (seller.ids[chart.RESERVE], -parts.reserve),
        (seller.ids[chart.AVAILABLE], -parts.available),
    )
    plan.postings.append(
        Posting(
            reference=f"hold:{row.id}:released",
            kind="hold.released" if row.kind == "pending" else "hold.reserve_released",
            currency=row.currency,
            entries=entries,
            source_id=row.id,
            meta={"payment": str(row.payment_id), "label": row.description},
        )
    )


def _reserve(row: Any, amount: int, *, now: datetime, settings: PaymentSettings) -> dict[str, Any]:
    return {
        "id": new_id(),
        "payment_id": row.payment_id,
        "seller_id": row.seller_id,
        "kind": "reserve",
        "currency": row.currency,
        "amount": amount,
        "remaining": amount,
        "release_at": now + timedelta(days=settings.reserve_days),
        "available_on": row.available_on,
        "created_at": now,
    }


async def _mark(session: AsyncSession, plan: _Plan, *, now: datetime) -> None:
    if plan.released:
        await session.execute(update(HoldRow).where(HoldRow.id.in_(plan.released)).values(released_at=now))
    if plan.uncovered:
        later = now + rules.UNCOVERED_PAUSE
        await session.execute(update(HoldRow).where(HoldRow.id.in_(plan.uncovered)).values(release_at=later))
    if plan.reserves:
        await session.execute(insert(HoldRow).values(plan.reserves))
