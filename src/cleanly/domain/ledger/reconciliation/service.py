"""Keep a provider's lines, write down what differs, resolve it. Inside your transaction.

Nothing here changes what was booked. A difference ends when a person says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger.reconciliation import queries, rules
from cleanly.domain.ledger.reconciliation.models import (
    ProviderAliasRow,
    ProviderEntryRow,
    ProviderImportRow,
    ReconciliationItemRow,
)
from cleanly.domain.ledger.reconciliation.rules import Alone, ItemKind, Line, Pair
from cleanly.domain.ledger.reconciliation.standings import Standing
from cleanly.kernel.errors import Conflict, NotFound
from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit
from cleanly.platform.providers.protocol import Entry


@dataclass(frozen=True, slots=True)
class Books:
    """One account of ours at one provider."""

    provider: str
    account: str


async def hold(session: AsyncSession, books: Books) -> ProviderImportRow:
    """How far these books were read, locked to the transaction's end: one process at a time writes for them."""
    values = {"provider": books.provider, "provider_account": books.account}
    await session.execute(insert(ProviderImportRow).values(values).on_conflict_do_nothing())
    found = await session.scalars(select(ProviderImportRow).filter_by(**values).with_for_update())
    return found.one()


async def keep(session: AsyncSession, books: Books, entries: Sequence[Entry], *, now: datetime) -> tuple[int, int]:
    """Keep new lines; how many were new, and how many differences are.

    A line that is told otherwise than before stays as it was first told, and a person is told.
    """
    if not entries:
        return 0, 0
    rows = [_row(books, entry, now=now) for entry in entries]
    made = await session.scalars(
        insert(ProviderEntryRow)
        .values(rows)
        .on_conflict_do_nothing(constraint="provider_entries_identity")
        .returning(ProviderEntryRow.id)
    )
    new = len(made.all())
    known = {row.provider_entry_id: row for row in await session.scalars(_known(books, entries))}
    items: list[dict[str, Any]] = []
    for entry in entries:
        row = known[entry.id]
        if row.available_booked_at is None and entry.available_on is not None:
            row.available_on = entry.available_on
        kind = _told_otherwise(row, entry)
        if kind is not None:
            subject = f"{entry.id}:{entry.gross}:{entry.fee}:{entry.net}"
            details = {"before": _told(row), "now": _entry_told(entry), "entryId": entry.id, "entryKind": entry.kind}
            items.append(_item(books, kind, row.object, f"entry:{subject}", details, now=now))
    return new, await _open(session, items)


def _known(books: Books, entries: Sequence[Entry]) -> Any:
    return select(ProviderEntryRow).where(
        ProviderEntryRow.provider == books.provider,
        ProviderEntryRow.provider_account == books.account,
        ProviderEntryRow.provider_entry_id.in_([entry.id for entry in entries]),
    )


def _row(books: Books, entry: Entry, *, now: datetime) -> dict[str, Any]:
    if len({entry.gross.currency, entry.fee.currency, entry.net.currency}) > 1:
        raise ValueError(f"{books.provider}'s line {entry.id} is in several currencies")
    return {
        "id": new_id(),
        "provider": books.provider,
        "provider_account": books.account,
        "provider_entry_id": entry.id,
        "kind": entry.kind,
        "source": entry.source,
        "object": entry.source or entry.id,
        "gross": entry.gross.amount,
        "fee": entry.fee.amount,
        "net": entry.net.amount,
        "currency": entry.gross.currency,
        "original_amount": None if entry.original is None else entry.original.amount,
        "original_currency": None if entry.original is None else entry.original.currency,
        "meta": dict(entry.meta),
        "created_at": entry.created_at,
        "available_on": entry.available_on,
        "imported_at": now,
        "match": "open" if rules.needs_partner(entry.kind, entry.gross.amount) else "none",
    }


def _told_otherwise(row: ProviderEntryRow, entry: Entry) -> ItemKind | None:
    if row.currency != entry.gross.currency:
        return "currency"
    amounts = (entry.gross.amount, entry.fee.amount, entry.net.amount)
    # A line that does not add up leaves a rest in clearing: somebody must know why.
    if (row.gross, row.fee, row.net) != amounts or row.net != row.gross - row.fee:
        return "amount"
    return None


def _told(row: ProviderEntryRow) -> dict[str, Any]:
    return {"gross": row.gross, "fee": row.fee, "net": row.net, "currency": row.currency}


def _entry_told(entry: Entry) -> dict[str, Any]:
    amounts = {"gross": entry.gross.amount, "fee": entry.fee.amount, "net": entry.net.amount}
    return {**amounts, "currency": entry.gross.currency}


async def note_alias(session: AsyncSession, books: Books, source: str, *, booked_as: str) -> None:
    """Lines whose source is this name are about what we have booked as that one. Again: nothing more."""
    values = {"provider": books.provider, "provider_account": books.account, "source": source, "object": booked_as}
    await session.execute(insert(ProviderAliasRow).values(values).on_conflict_do_nothing())


async def rename(session: AsyncSession, books: Books) -> None:
    """Let open lines bear the names under which we have booked what they are about. The books must be held."""
    await session.execute(
        update(ProviderEntryRow)
        .where(
            ProviderEntryRow.provider == books.provider,
            ProviderEntryRow.provider_account == books.account,
            ProviderEntryRow.match == "open",
            ProviderAliasRow.provider == books.provider,
            ProviderAliasRow.provider_account == books.account,
            ProviderAliasRow.source == ProviderEntryRow.object,
        )
        .values(object=ProviderAliasRow.object)
        .execution_options(synchronize_session=False)
    )


async def judge(
    session: AsyncSession, books: Books, objects: Sequence[str], *, horizon: datetime, now: datetime
) -> int:
    """Hold both sides of these objects against each other; how many differences are new. The books must be held."""
    found = await queries.lines_of(session, books.provider, books.account, objects, horizon=horizon, now=now)
    items: list[dict[str, Any]] = []
    for name, lines in found.items():
        verdict = rules.judge(lines.theirs, lines.ours)
        for pair in verdict.pairs:
            await _mark(session, pair.theirs.id, pair.kind, pair.ours.id)
            if pair.kind != "matched":
                items.append(_of_pair(books, name, pair, now=now))
        for alone in verdict.alone:
            if alone.kind == "duplicate" and alone.side == "theirs":
                await _mark(session, alone.line.id, "duplicate", None)
            items.append(_of_alone(books, name, alone, now=now))
    return await _open(session, items)


async def _mark(session: AsyncSession, entry_id: UUID, match: str, transaction_id: UUID | None) -> None:
    await session.execute(
        update(ProviderEntryRow)
        .where(ProviderEntryRow.id == entry_id, ProviderEntryRow.match == "open")
        .values(match=match, matched_transaction_id=transaction_id)
    )


def _of_pair(books: Books, name: str, pair: Pair, *, now: datetime) -> dict[str, Any]:
    details = {"theirs": _side(pair.theirs), "ours": _side(pair.ours)}
    return _item(books, _kind_of(pair), name, f"entry:{pair.theirs.key}", details, now=now)


def _kind_of(pair: Pair) -> ItemKind:
    return "currency" if pair.kind == "currency" else "amount"


def _of_alone(books: Books, name: str, alone: Alone, *, now: datetime) -> dict[str, Any]:
    word = "entry" if alone.side == "theirs" else "posting"
    return _item(books, alone.kind, name, f"{word}:{alone.line.key}", {alone.side: _side(alone.line)}, now=now)


def _side(line: Line) -> dict[str, Any]:
    return {"id": line.key, "amount": line.amount, "currency": line.currency}


def _item(
    books: Books, kind: ItemKind, name: str, subject: str, details: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "kind": kind,
        "provider": books.provider,
        "provider_account": books.account,
        "object": name,
        "subject": subject,
        "details": dict(details),
        "opened_at": now,
    }


async def _open(session: AsyncSession, items: Sequence[Mapping[str, Any]]) -> int:
    """Write differences down; those that were told before, resolved or not, are not told again."""
    if not items:
        return 0
    made = await session.scalars(
        insert(ReconciliationItemRow)
        .values(list(items))
        .on_conflict_do_nothing(constraint="reconciliation_items_identity")
        .returning(ReconciliationItemRow.id)
    )
    return len(made.all())


async def tell_balances(session: AsyncSession, books: Books, late: Sequence[Standing], *, now: datetime) -> int:
    """Write down balances that differ for too long, each once from where it began; how many are new."""
    items = [
        _item(books, "balance", one.currency, f"balance:{one.shown()['differsSince']}", one.shown(), now=now)
        for one in late
    ]
    return await _open(session, items)


async def note_read(session: AsyncSession, books: Books, until: datetime) -> None:
    """These books were read up to here; never back."""
    await session.execute(
        update(ProviderImportRow)
        .where(ProviderImportRow.provider == books.provider, ProviderImportRow.provider_account == books.account)
        .values(imported_until=func.greatest(ProviderImportRow.imported_until, until))
    )


async def resolve(
    session: AsyncSession, item_id: UUID, reason: str, *, caller: Caller, origin: Origin, now: datetime
) -> queries.Item:
    """Close a difference with a person's reason. No money moves: what has to be booked is booked by its own means.

    Raises:
        NotFound: there is none. Conflict: it is resolved.
    """
    row = await session.get(ReconciliationItemRow, item_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.resolved_at is not None:
        raise Conflict("This item is resolved")
    row.resolved_at, row.resolved_by, row.reason = now, caller.user_id, reason
    details = {"kind": row.kind, "provider": row.provider, "object": row.object, "reason": reason}
    await audit.record(
        session,
        "reconciliation_item.resolved",
        at=now,
        origin=origin,
        actor_id=caller.user_id,
        target_id=item_id,
        details=details,
    )
    await session.flush()
    return queries.item(row)
