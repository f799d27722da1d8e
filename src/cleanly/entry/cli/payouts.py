"""`cleanly payouts`: what waits for a person, the word on one payout, and the switch that stops all."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.payouts.sending import queries, service
from cleanly.domain.payouts.sending.queries import Payout, PayoutState, Wanted
from cleanly.entry.cli.running import out, work
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.principal import SYSTEM
from cleanly.platform.audit import service as audit

app = typer.Typer(help="Payouts.", no_args_is_help=True)
_Id = Annotated[UUID, typer.Argument(help="The payout's id.")]
_Reason = Annotated[str, typer.Option(help="Why; it is kept in the audit record.", prompt=True)]
_Act = Callable[[AsyncSession, Context, UUID], Awaitable[Payout]]


@app.command("list")
def list_payouts(
    state: Annotated[PayoutState | None, typer.Option(help="requested, held, in_transit, paid and so on.")] = None,
    seller: Annotated[UUID | None, typer.Option(help="Only of this seller.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """Payouts, the newest first; `--state held` are those that wait for a person."""

    async def run(context: Context) -> list[Payout]:
        async with context.db.begin() as session:
            return await queries.page(session, Wanted(seller_id=seller, state=state), after=None, limit=limit)

    whole = Column("id", no_wrap=True)  # it is copied into the next command
    table = Table(whole, "seller", "state", Column("amount", justify="right"), "provider", "asked at", "why", box=None)
    for one in work("cli", run):
        why = one.alarm or one.failure_code or ", ".join(one.held_for if one.state == "held" else ())
        money = f"{one.money.decimal()} {one.money.currency}"
        table.add_row(str(one.id), str(one.seller_id), one.state, money, one.provider, rfc3339(one.created_at), why)
    out.print(table, markup=False)


@app.command()
def approve(payout_id: _Id, reason: _Reason) -> None:
    """Let a held payout go."""

    async def act(session: AsyncSession, context: Context, payout_id: UUID) -> Payout:
        return await service.release(session, payout_id, by=None, now=context.clock.now())

    _say(payout_id, "payout.approved", reason, act)


@app.command()
def refuse(payout_id: _Id, reason: _Reason) -> None:
    """Refuse one that has not left; the money is available again."""

    async def run(context: Context) -> Payout:
        async with context.db.begin() as session:
            payout, postings = await service.cancel(session, payout_id, "refused", now=context.clock.now())
            await _record(session, context, "payout.refused", payout_id, reason)
            if postings:
                await ledger.post(session, *postings)
        return payout

    _tell(work("cli", run))


@app.command()
def hold(payout_id: _Id, reason: _Reason) -> None:
    """Hold one that has not left."""

    async def act(session: AsyncSession, context: Context, payout_id: UUID) -> Payout:
        return await service.hold(session, payout_id, "operator", now=context.clock.now())

    _say(payout_id, "payout.held", reason, act)


@app.command()
def retry(payout_id: _Id, reason: _Reason) -> None:
    """Look at the provider again, and ask again, under the same key, what has had no answer."""

    async def act(session: AsyncSession, _context: Context, payout_id: UUID) -> Payout:
        return await service.ask_to_go_on(session, payout_id)

    _say(payout_id, "payout.retried", reason, act)


@app.command("call-back")
def call_back(payout_id: _Id, reason: _Reason) -> None:
    """Ask the provider for one that is on its way; what comes of it shows in its state."""

    async def act(session: AsyncSession, _context: Context, payout_id: UUID) -> Payout:
        return await service.ask_to_call_back(session, payout_id)

    _say(payout_id, "payout.called_back", reason, act)


@app.command()
def stop(reason: _Reason) -> None:
    """Send no payout from now on; what is on its way is watched as ever."""

    async def run(context: Context) -> bool:
        async with context.db.begin() as session:
            return await service.stop(session, reason, now=context.clock.now())

    out.print("payouts are stopped" if work("cli", run) else "payouts were stopped before")


@app.command()
def resume() -> None:
    """Send payouts again."""

    async def run(context: Context) -> bool:
        async with context.db.begin() as session:
            return await service.resume(session, now=context.clock.now())

    out.print("payouts are sent again" if work("cli", run) else "payouts were not stopped")


def _say(payout_id: UUID, action: str, reason: str, act: _Act) -> None:
    async def run(context: Context) -> Payout:
        async with context.db.begin() as session:
            payout = await act(session, context, payout_id)
            await _record(session, context, action, payout_id, reason)
        return payout

    _tell(work("cli", run))


async def _record(session: AsyncSession, context: Context, action: str, payout_id: UUID, reason: str) -> None:
    details = {"reason": reason}
    await audit.record(session, action, at=context.clock.now(), origin=SYSTEM, target_id=payout_id, details=details)


def _tell(payout: Payout) -> None:
    out.print(f"{payout.id}: {payout.state}, {payout.money.decimal()} {payout.money.currency}", markup=False)
