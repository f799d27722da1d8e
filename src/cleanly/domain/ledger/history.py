"""What happened to one owner, newest first: as values for a screen, as lines of CSV for a file.

An owner has a few accounts, each with an index of its entries by transaction. A page takes the newest of each account
and then the newest of all, so what it costs does not depend on how long the history is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import moments
from cleanly.kernel.money import EXPONENTS

WINDOW_MAX: Final = 10_000
# A filter by kind may find little in a long history: no page looks at more than this.
_LOOKED_AT_MAX: Final = 20_000
_BALANCES: Final = ("pending", "available", "reserve", "disputed", "in_payout", "receivable")


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """What one transaction did to one owner.

    `amount`: what the owner has more (or less) with us, the debt included; 0 for a mere move between balances.
    `changes`: each touched balance's change on its natural side, by the account's name. `meta`: the posting's own
    words, with `payment` and `label` where it says what it was for.
    """

    id: UUID
    kind: str
    currency: str
    amount: int
    source_id: UUID | None
    changes: Mapping[str, int]
    meta: Mapping[str, str]

    @property
    def created_at(self) -> datetime:
        """When it happened."""
        return moments.moment_of(self.id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a history. `kind`: `refund.made`, or all that begin with `refund`. `sources`: None for any.

    `since` is part of it, `until` is not.
    """

    currency: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sources: Sequence[UUID] | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The items found, and where to go on; `before` is None at the history's end."""

    items: Sequence[HistoryItem]
    before: UUID | None


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """Some lines, each with its line end, and where to go on; `before` is None at the history's end."""

    lines: str = field(repr=False)
    rows: int
    before: UUID | None


_MINE: Final = """
    WITH mine AS MATERIALIZED (
        SELECT id, name, normal FROM ledger_accounts
        WHERE owner_id = :owner AND (CAST(:currency AS text) IS NULL OR currency = :currency)
    ), parts AS (
"""
_BY_ACCOUNT: Final = """
        SELECT entry.transaction_id, entry.amount, entry.amount * mine.normal AS change, mine.name
        FROM mine CROSS JOIN LATERAL (
            SELECT transaction_id, amount FROM ledger_entries
            WHERE account_id = mine.id AND transaction_id < :before AND transaction_id >= :since
            ORDER BY transaction_id DESC LIMIT :size
        ) AS entry
"""
_BY_SOURCE: Final = """
        SELECT entry.transaction_id, entry.amount, entry.amount * mine.normal AS change, mine.name
        FROM ledger_transactions AS booked
        JOIN ledger_entries AS entry ON entry.transaction_id = booked.id
        JOIN mine ON mine.id = entry.account_id
        WHERE booked.source_id = ANY(CAST(:sources AS uuid[])) AND booked.id < :before AND booked.id >= :since
"""
_SUMS: Final = ", ".join(
    f"coalesce(sum(change) FILTER (WHERE name = '{name}'), 0)::bigint AS {name}" for name in _BALANCES
)
# `looked`: how much of the history this page has seen, whatever the filter by kind lets through.
_PICKED: Final = f"""
    ), picked AS (
        SELECT transaction_id AS id, (-sum(amount))::bigint AS amount, {_SUMS}
        FROM parts GROUP BY transaction_id ORDER BY transaction_id DESC LIMIT :size
    ), looked AS (
        SELECT count(*) AS rows, (array_agg(id ORDER BY id))[1] AS last FROM picked
    ), shown AS (
        SELECT picked.*, booked.kind, booked.currency, booked.source_id, booked.meta
        FROM picked JOIN ledger_transactions AS booked ON booked.id = picked.id
        WHERE CAST(:kind AS text) IS NULL OR booked.kind = :kind OR starts_with(booked.kind, :kind || '.')
    )
"""  # noqa: S608 - of the constants above, as the next two  # nosec B608
_ITEMS: Final = f"""
    SELECT looked.rows, looked.last, shown.id, shown.kind, shown.currency, shown.amount, shown.source_id,
        {", ".join(f"shown.{name}" for name in _BALANCES)}, shown.meta
    FROM looked LEFT JOIN shown ON true ORDER BY shown.id DESC
"""  # noqa: S608  # nosec B608


def _decimal(column: str) -> str:
    """SQL for an amount in major units, exact: a numeric's scale is the sum of its factors'."""
    cases = [
        f"WHEN shown.currency IN ({', '.join(repr(name) for name in sorted(names))}) THEN {column}{unit}"
        for unit, names in (
            ("::numeric", [name for name, exponent in EXPONENTS.items() if exponent == 0]),
            (" * 0.001", [name for name, exponent in EXPONENTS.items() if exponent == 3]),
        )
    ]
    return f"CASE {' '.join(cases)} ELSE {column} * 0.01 END"


CSV_HEADER: Final = (
    "id,createdAt,type,currency,amount,amountDecimal,pending,available,reserve,disputed,inTransit,receivable,"
    "objectId,paymentId,description\r\n"
)
# Written by the database, which has the rows: a value each in Python would cost more than all else. The description
# is the only cell that somebody else wrote. A spreadsheet takes a cell that begins with one of these for a formula.
_LINES: Final = f"""
    SELECT looked.rows, looked.last, count(shown.id), coalesce(string_agg(concat(
        shown.id, ',',
        to_char(to_timestamp(0) AT TIME ZONE 'UTC' + interval '1 millisecond'
            * ('x' || substr(shown.id::text, 1, 8) || substr(shown.id::text, 10, 4))::bit(48)::bigint,
            'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), ',',
        shown.kind, ',', shown.currency, ',', shown.amount, ',', {_decimal("shown.amount")}, ',',
        {", ',', ".join(f"shown.{name}" for name in _BALANCES)}, ',',
        shown.source_id, ',', shown.meta ->> 'payment', ',"',
        CASE WHEN left(shown.meta ->> 'label', 1) IN ('=', '+', '-', '@', E'\\t', E'\\r', E'\\n') THEN '''' END,
        replace(shown.meta ->> 'label', '"', '""'), E'"\\r\\n'
    ), '' ORDER BY shown.id DESC) FILTER (WHERE shown.id IS NOT NULL), '')
    FROM looked LEFT JOIN shown ON true GROUP BY looked.rows, looked.last
"""  # noqa: S608  # nosec B608


def _statement(shape: str, source: str) -> TextClause:
    return text(_MINE + source + _PICKED + shape)


_QUERIES: Final = {
    (shape, source): _statement(shape, source) for shape in (_ITEMS, _LINES) for source in (_BY_ACCOUNT, _BY_SOURCE)
}
# Only for this transaction. With statistics of another owner the planner reads a whole history to sort it, where the
# index would give its head in order; see `ledger_post`, which does the same. The memory holds a page's sums.
_PLAN: Final = text(
    "SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),"
    " set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),"
    " set_config('work_mem', '16MB', true)"
)


async def prepare(session: AsyncSession) -> None:
    """Once per transaction, before `page`, `csv_block` or `statement`: how the planner reads a history."""
    await session.execute(_PLAN)


def _values(owner_id: UUID, wanted: Wanted, before: UUID | None, size: int) -> dict[str, Any]:
    ends = moments.BEYOND if wanted.until is None else moments.first_id(wanted.until)
    values: dict[str, Any] = {
        "owner": owner_id,
        "currency": wanted.currency,
        "kind": wanted.kind,
        "before": ends if before is None else min(before, ends),
        "since": moments.FIRST if wanted.since is None else moments.first_id(wanted.since),
        "size": size,
    }
    return values if wanted.sources is None else values | {"sources": list(wanted.sources)}


def _query(shape: str, wanted: Wanted) -> TextClause:
    return _QUERIES[shape, _BY_ACCOUNT if wanted.sources is None else _BY_SOURCE]


async def page(
    session: AsyncSession, owner_id: UUID, wanted: Wanted, *, before: UUID | None, limit: int
) -> HistoryPage:
    """The newest items below `before`, at most `limit`.

    A filter by kind may end a page early: then there are fewer items than asked for, perhaps none, and `before` says
    where to look on. Only None is the end.
    """
    items: list[HistoryItem] = []
    size, looked = limit + 1, 0
    while True:
        rows = (await session.execute(_query(_ITEMS, wanted), _values(owner_id, wanted, before, size))).all()
        found = [_item(row) for row in rows if row.id is not None]
        if len(items) + len(found) > limit:
            items += found[: limit - len(items)]
            return HistoryPage(items, items[-1].id)
        items, before, looked = items + found, rows[0].last, looked + rows[0].rows
        if rows[0].rows < size:
            return HistoryPage(items, None)
        if len(items) == limit or looked >= _LOOKED_AT_MAX:
            return HistoryPage(items, before)
        size = min(size * 10, WINDOW_MAX)


def _item(row: Any) -> HistoryItem:
    changes = {name: change for name in _BALANCES if (change := getattr(row, name)) != 0}
    return HistoryItem(row.id, row.kind, row.currency, row.amount, row.source_id, changes, row.meta)


async def csv_block(
    session: AsyncSession, owner_id: UUID, wanted: Wanted, *, before: UUID | None, size: int = WINDOW_MAX
) -> CsvBlock:
    """The next lines of a file, under `CSV_HEADER`; of at most `size` transactions, as one string.

    A file made of blocks in transactions of their own is as if read at once: nothing in the books changes, and what
    is posted meanwhile is newer than what was read.
    """
    rows, last, count, lines = (
        await session.execute(_query(_LINES, wanted), _values(owner_id, wanted, before, size))
    ).one()
    return CsvBlock(lines, count, last if rows == size else None)
