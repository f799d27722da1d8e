"""A month's statement: how its months are bounded, and its form as a file."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cleanly.domain.ledger import queries as ledger
from cleanly.domain.ledger.queries import Statement, Sums
from cleanly.domain.payouts.history.flows import SECONDS_MAX
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound
from cleanly.kernel.money import Money

# An id tells when a transaction began to be booked; longer than this none takes to be committed.
_SETTLES = timedelta(minutes=5)
_COLUMNS = ("pending", "available", "reserve", "disputed", "in_payout", "receivable")
_HEADER = (
    "currency",
    "line",
    "type",
    "amount",
    "amountDecimal",
    "pending",
    "available",
    "reserve",
    "disputed",
    "inTransit",
    "receivable",
)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one owner's books, in UTC; `until` is the next month's first instant."""

    since: datetime
    until: datetime
    is_final: bool
    statements: tuple[Statement, ...]


async def of_month(context: Context, owner_id: UUID, year: int, number: int) -> Month:
    """The statement of every currency that the owner has.

    Raises:
        NotFound: the month has not begun.
    """
    since, until = ledger.month(year, number)
    now = context.clock.now()
    if since > now:
        raise NotFound
    async with context.db.read(deadline_seconds=SECONDS_MAX) as session:
        await ledger.prepare(session)
        found = await ledger.statement(session, owner_id, since=since, until=until)
    return Month(since, until, until + _SETTLES <= now, tuple(found))


def as_csv(statements: Iterable[Statement]) -> str:
    """One line for the opening, one for each type, one for the closing, per currency."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEADER)
    for one in statements:
        writer.writerow(_line(one.currency, "opening", "", one.opening))
        writer.writerows(_line(one.currency, "type", moved.kind, moved.sums) for moved in one.moved)
        writer.writerow(_line(one.currency, "closing", "", one.closing))
    return out.getvalue()


def _line(currency: str, line: str, kind: str, sums: Sums) -> tuple[str | int, ...]:
    amounts = (sums.by_balance[name] for name in _COLUMNS)
    return currency, line, kind, sums.total, Money(sums.total, currency).decimal(), *amounts
