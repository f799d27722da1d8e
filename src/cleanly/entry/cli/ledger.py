"""`cleanly ledger`: read the books, prove them, and hold them against the providers'."""

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Column, Table

from cleanly.domain.ledger import queries
from cleanly.domain.ledger.module import module
from cleanly.domain.ledger.reconciliation import queries as reconciliation
from cleanly.domain.ledger.reconciliation.messages import RECONCILE
from cleanly.entry.cli.running import fail, out, work
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import FlowJob

app = typer.Typer(help="The books.", no_args_is_help=True)
_SECONDS_MAX = 3600
_SHOWN_MAX = 20
_TRANSACTION_FAULTS = {"transaction_not_balanced", "transaction_without_entries"}
_FLOOR_FAULTS = {"below_floor", "balance_below_floor"}


@app.command()
def accounts(
    owner: Annotated[UUID | None, typer.Option(help="A seller's id; without it the platform's accounts.")] = None,
) -> None:
    """Balances in minor units, each on its natural side: what an asset holds, what a liability owes."""

    async def run(context: Context) -> list[queries.Balance]:
        async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
            return await queries.balances(session, owner)

    table = Table("account", "kind", "currency", Column("balance", justify="right"), box=None)
    for one in work("cli", run):
        table.add_row(one.name, one.kind, one.currency, f"{one.amount:,}")
    out.print(table, markup=False)


@app.command()
def check() -> None:
    """Prove that every transaction sums to zero, every balance equals its entries and no floor is broken."""

    async def run(context: Context) -> queries.Report:
        async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
            return await queries.check_everything(session, seconds_max=_SECONDS_MAX)

    report = work("cli", run)
    out.print(_summary(report))
    for drift in report.drift[:_SHOWN_MAX]:
        out.print(
            f"account {drift.account_id} shard {drift.shard}: balance {drift.posted} after {drift.version} entries,"
            f" but {drift.entries_count} entries make {drift.entries_posted}",
            markup=False,
        )
    for fault in report.faults[:_SHOWN_MAX]:
        out.print(f"{fault.fault}: {fault.subject}, found {fault.found}", markup=False)
    if not report.is_clean:
        fail(f"the books are not sound: {len(report.drift) + len(report.faults)} faults")
    out.print("the books are sound")


@app.command()
def reconcile() -> None:
    """Read the providers' books, book what follows, and name every open difference; then the report."""

    async def run(context: Context) -> None:
        for job in module.jobs:
            if isinstance(job, FlowJob) and job.task is RECONCILE:
                await job.run(context, Tick(due_at=rfc3339(context.clock.now())))

    try:
        work("cli", run)
    except ExceptionGroup as error:
        fail("; ".join(str(fault) for fault in error.exceptions))
    _report()


@app.command()
def report() -> None:
    """What the last run of reconciliation found at each provider, and every open difference."""
    _report()


async def _found(context: Context) -> tuple[list[reconciliation.Report], list[reconciliation.Item]]:
    async with context.db.begin() as session:
        found = list(await reconciliation.latest_reports(session))
        return found, list(await reconciliation.items(session, is_open=True, limit=_SHOWN_MAX))


def _report() -> None:
    told, items = work("cli", _found)
    for one in told:
        ended = "could not be asked" if one.fault else "agrees" if one.is_clean else "differs"
        out.print(
            f"{one.provider} {one.provider_account}, {rfc3339(one.started_at)}: {ended}; {one.imported} lines imported,"
            f" {one.booked} booked, {one.opened} differences new, {sum(one.open_items.values())} open",
            markup=False,
        )
        if one.fault:
            out.print(f"  {one.fault}", markup=False)
        if one.standings:
            out.print(_standings(one), markup=False)
    for item in items:
        out.print(
            f"{item.id} {item.kind}: {item.provider} {item.object}, since {rfc3339(item.opened_at)}", markup=False
        )
    if items:
        fail(f"differences are open; the newest {_SHOWN_MAX} at most are shown")
    if not all(one.has_agreed for one in told):
        fail("the books do not agree")
    out.print("the books agree" if told else "no books were read yet")


def _standings(one: reconciliation.Report) -> Table:
    names = ("held", "booked", "coming", "clearing", "difference")
    table = Table("  currency", *(Column(name, justify="right") for name in names), "since", box=None)
    for standing in one.standings:
        figures = (f"{standing[name]:,}" for name in names)
        table.add_row(f"  {standing['currency']}", *figures, standing["differsSince"] or "")
    return table


def _summary(report: queries.Report) -> Table:
    names = [fault.fault for fault in report.faults]
    transactions = sum(name in _TRANSACTION_FAULTS for name in names)
    floors = sum(name in _FLOOR_FAULTS for name in names)
    currencies = names.count("currency_not_zero")
    balances = len(report.drift) + len(names) - transactions - floors - currencies
    table = Table("check", "looked at", "faults", box=None)
    if report.extent is not None:
        extent = report.extent
        table.add_row("every transaction sums to zero", f"{extent.transactions} transactions", str(transactions))
        table.add_row("every balance equals its entries", f"{extent.entries} entries", str(balances))
        table.add_row("no floor is broken", f"{extent.accounts} accounts", str(floors))
        table.add_row("every currency sums to zero", f"{extent.currencies} currencies", str(currencies))
    return table
