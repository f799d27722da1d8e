"""`cleanly webhooks outbound`: what did not reach its subscriber, and another try for it."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Column, Table

from cleanly.entry.cli.running import fail, out, work
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.module import EventCatalogue
from cleanly.kernel.principal import SYSTEM
from cleanly.platform.audit import service as audit
from cleanly.platform.webhooks.outbound.endpoints import queries as endpoints
from cleanly.platform.webhooks.outbound.history import queries as history
from cleanly.platform.webhooks.outbound.history.queries import Delivery, DeliveryState, Selection
from cleanly.platform.webhooks.outbound.mending import queries, service
from cleanly.platform.webhooks.outbound.mending.queries import Replayable

app = typer.Typer(help="Messages to subscribers.", no_args_is_help=True)

_Since = Annotated[datetime | None, typer.Option(help="Published at this moment (UTC) or later.")]


@app.command("list")
def list_deliveries(
    *,
    state: Annotated[DeliveryState, typer.Option(help="pending, claimed, succeeded, failed or skipped.")] = "failed",
    endpoint: Annotated[UUID | None, typer.Option(help="Only to this endpoint.")] = None,
    account: Annotated[UUID | None, typer.Option(help="Only of this account.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only of this type.")] = None,
    since: _Since = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """Deliveries in one state, the newest first; without options those that were given up."""
    selection = Selection(account_id=account, endpoint_id=endpoint, state=state, type=event_type, since=_in_utc(since))

    async def run(context: Context) -> list[Delivery]:
        async with context.db.begin() as session:
            return list(await history.deliveries(session, selection, limit=limit))

    whole = Column("id", no_wrap=True)  # it is copied into the next command
    table = Table(whole, "endpoint", "type", "published at", "tries", "last answer", box=None)
    for one in work("cli", run):
        answer = "" if one.last is None else str(one.last.status or one.last.error)
        table.add_row(str(one.id), str(one.endpoint_id), one.type, rfc3339(one.published_at), str(one.tries), answer)
    out.print(table, markup=False)


@app.command()
def replay(
    delivery_id: Annotated[UUID | None, typer.Argument(help="One delivery's id.")] = None,
    *,
    endpoint: Annotated[UUID | None, typer.Option(help="All of this endpoint's since a time.")] = None,
    since: _Since = None,
    state: Annotated[
        Replayable | None, typer.Option(help="failed, skipped, succeeded or missing; failed and skipped if absent.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and send nothing.")] = False,
) -> None:
    """Send again one delivery, or what an endpoint missed since a time: failed and skipped, unless a state is given."""
    if delivery_id is not None and endpoint is None and since is None and not dry_run:
        work("cli", lambda context: _one(context, delivery_id))
        out.print("1 message will be sent again")
        return
    start = _in_utc(since)
    if delivery_id is not None or endpoint is None or start is None:
        fail("name one delivery, or an --endpoint and --since")
    chosen: tuple[Replayable, ...] = (state,) if state is not None else ("failed", "skipped")
    found = work("cli", lambda context: _many(context, endpoint, start, chosen, dry_run=dry_run))
    told = ", ".join(f"{number} {state}" for state, number in sorted(found.items())) or "none"
    total = sum(found.values())
    verb = "would be" if dry_run else "will be"
    out.print(f"{total} message{'' if total == 1 else 's'} {verb} sent again ({told})")


async def _one(context: Context, delivery_id: UUID) -> None:
    now = context.clock.now()
    async with context.db.begin() as session:
        delivery = await history.delivery(session, delivery_id, account_id=None)
        if delivery is None:
            fail(f"there is no delivery {delivery_id}")
        endpoint = await endpoints.find(session, delivery.endpoint_id, account_id=delivery.account_id)
        await service.retry(session, delivery_id, endpoint, now=now)
        await audit.record(session, "webhook_delivery.retried", at=now, origin=SYSTEM, target_id=delivery_id)


async def _many(
    context: Context, endpoint_id: UUID, since: datetime, states: tuple[Replayable, ...], *, dry_run: bool
) -> Counter[Replayable]:
    found: Counter[Replayable] = Counter()
    until, after = context.clock.now(), None
    while True:
        async with context.db.begin() as session:
            account_id = await queries.owner_of(session, endpoint_id)
            endpoint = account_id and await endpoints.find(session, endpoint_id, account_id=account_id)
            if account_id is None or not endpoint:
                fail(f"there is no endpoint {endpoint_id}")
            types = context.part(EventCatalogue).chosen_by_any(endpoint.event_types)
            selection = queries.Selection(account_id, endpoint_id, types, states, since, until)
            if dry_run:
                return Counter(await queries.count(session, selection))
            done = await service.replay(session, selection, endpoint, after=after, now=context.clock.now())
            details = {"messages": sum(done.by_state.values()), "since": rfc3339(since), "states": list(states)}
            await audit.record(
                session,
                "webhook_endpoint.replayed",
                at=context.clock.now(),
                origin=SYSTEM,
                target_id=endpoint_id,
                details=details,
            )
        found.update(done.by_state)
        after = done.last_id
        if after is None:
            return found


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
