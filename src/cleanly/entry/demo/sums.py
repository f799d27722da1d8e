"""What a month came to, held against itself: statements, histories, reports and the ledger must tell the same."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from rich.table import Table

from cleanly.domain.ledger import queries as ledger
from cleanly.domain.payments.holds import queries as holds
from cleanly.entry.demo.town import Town

_SECONDS_MAX = 60
_SHOWN = ("pending", "available", "reserve", "disputed", "inTransit", "receivable")


class Asker(Protocol):
    """Somebody who can ask the service."""

    name: str

    async def done(self, method: str, path: str, body: object = None) -> Any:
        """The answer's body."""
        ...


async def checked(town: Town, admin: Asker, sellers: Sequence[Asker], *, month: datetime) -> list[Table]:
    """Each seller's statement of the month and of the days after it; a wrong sum is a failure of the stage."""
    after = (month + timedelta(days=32)).replace(day=1)
    tables = [await _statements(town, seller, (f"{month:%Y-%m}", f"{after:%Y-%m}")) for seller in sellers]
    await _reports(town, admin)
    async with town.context.db.begin() as session:
        report = await ledger.check_everything(session, seconds_max=_SECONDS_MAX)
        differences = await holds.differences(session)
    is_sound = report.is_clean and not differences
    counted = f"{report.extent.transactions} transactions" if report.extent else ""
    town.stage.check(
        "the books", counted, "sound", "every balance is its entries, every hold its money", is_good=is_sound
    )
    return tables


async def _statements(town: Town, seller: Asker, months: tuple[str, str]) -> Table:
    table = Table("", *_SHOWN, "total", title=f"{seller.name}'s statements, in EUR")
    for column in table.columns[1:]:
        column.justify = "right"
    closing: dict[str, int] = {}
    is_good = True
    for number, month in enumerate(months):
        [euros] = (await seller.done("GET", f"/statements/{month}"))["items"]
        opening, moved = euros["opening"], [one["sums"] for one in euros["types"]]
        summed = {name: opening[name] + sum(one[name] for one in moved) for name in opening}
        is_good &= summed == euros["closing"] and (not number or opening == closing)
        closing = euros["closing"]
        table.add_row(f"{month} opening", *_row(opening))
        for one in euros["types"]:
            table.add_row(f"  {one['type']}", *_row(one["sums"]))
        table.add_row(f"{month} closing", *_row(closing), end_section=True)
    history = await _history(seller)
    is_good &= sum(one["amount"]["amount"] for one in history) == closing["total"]
    town.stage.check(
        f"GET /statements of {seller.name}",
        f"{len(history)} transactions",
        "does not add up",
        "opening + entries = closing = the next opening",
        is_good=is_good and bool(history),
    )
    return table


async def _history(seller: Asker) -> list[Any]:
    items: list[Any] = []
    cursor = ""
    while True:
        page = await seller.done("GET", f"/transactions?limit=100{cursor}")
        items += page["items"]
        if page["nextCursor"] is None:
            return items
        cursor = f"&cursor={page['nextCursor']}"


async def _reports(town: Town, admin: Asker) -> None:
    """The days' volumes are what was captured on those days; what Google sold is in Google's own report."""
    reports = (await admin.done("GET", "/admin/reports?limit=100"))["items"]
    told = sum(day["volume"]["amount"] for one in reports for day in one["currencies"])
    newest = max((one["day"] for one in reports), default="")
    rows = await town.rows(
        "SELECT coalesce(sum(captured_amount), 0)::bigint AS amount FROM payments WHERE to_char(created_at"
        " AT TIME ZONE 'UTC', 'YYYY-MM-DD') <= :newest AND provider <> 'google_play'",
        newest=newest,
    )
    town.stage.check(
        "GET /admin/reports",
        f"{len(reports)} days, {told / 100:.2f} EUR sold",
        f"expected {rows[0].amount / 100:.2f}",
        "each day is told once, together they are the month",
        is_good=told == rows[0].amount > 0,
    )


def _row(sums: dict[str, int]) -> list[str]:
    return [f"{sums[name] / 100:.2f}" if sums[name] else "" for name in (*_SHOWN, "total")]
