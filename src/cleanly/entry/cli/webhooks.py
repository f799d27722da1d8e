"""`cleanly webhooks`: what providers told us, what nobody could act on, and another try for it; what we told others."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Column, Table

from cleanly.entry.cli import outbound
from cleanly.entry.cli.running import fail, out, work
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.principal import SYSTEM
from cleanly.platform.webhooks.inbound import queries, service
from cleanly.platform.webhooks.inbound.queries import InboundEvent, Selection, State

app = typer.Typer(help="Webhooks.", no_args_is_help=True)
inbound = typer.Typer(help="News from providers.", no_args_is_help=True)
app.add_typer(inbound, name="inbound")
app.add_typer(outbound.app, name="outbound")

_State = Annotated[State, typer.Option(help="stored, waiting, dead, ignored or done.")]
_Provider = Annotated[str | None, typer.Option(help="Only of this provider.")]
_Type = Annotated[str | None, typer.Option("--type", help="Only of this type.")]
_Since = Annotated[datetime | None, typer.Option(help="Received at this moment (UTC) or later.")]


@inbound.command("list")
def list_events(
    state: _State = "dead",
    provider: _Provider = None,
    event_type: _Type = None,
    since: _Since = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """Events in one state, the newest first; without options those that wait for a person."""
    selection = Selection(state=state, provider=provider, type=event_type, since=_in_utc(since))

    async def run(context: Context) -> list[InboundEvent]:
        async with context.db.begin() as session:
            return list(await queries.page(session, selection, limit=limit))

    whole = Column("id", no_wrap=True)  # it is copied into the next command
    table = Table(whole, "provider", "type", "object", "received at", "tries", "error", box=None)
    for event in work("cli", run):
        table.add_row(
            str(event.id),
            event.provider,
            event.type,
            event.object_id,
            rfc3339(event.received_at),
            str(event.attempts),
            event.last_error or "",
        )
    out.print(table, markup=False)


@inbound.command()
def replay(
    event_id: Annotated[UUID | None, typer.Argument(help="One event's id.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every event in that state.")] = False,
    state: _State = "dead",
    provider: _Provider = None,
    event_type: _Type = None,
    since: _Since = None,
) -> None:
    """Act again on one event, on those of a type, or on all since a time. Harmless for those already done."""
    narrowed = any(value is not None for value in (provider, event_type, since))
    if (event_id is not None) + narrowed + every != 1:
        fail("name one event, or narrow by --type, --provider or --since, or say --all")
    selection = Selection(state=state, provider=provider, type=event_type, since=_in_utc(since))

    async def run(context: Context) -> int:
        return await (_one(context, event_id) if event_id is not None else _many(context, selection))

    replayed = work("cli", run)
    if event_id is not None and not replayed:
        fail(f"there is no event {event_id}")
    out.print(f"{replayed} event{'' if replayed == 1 else 's'} will be acted on again")


async def _one(context: Context, event_id: UUID) -> int:
    now = context.clock.now()
    async with context.db.begin() as session:
        found = await service.replay_one(session, event_id, now=now)
        if found:
            await service.note_replay(session, at=now, origin=SYSTEM, actor_id=None, event_id=event_id)
    return int(found)


async def _many(context: Context, selection: Selection) -> int:
    replayed, last_id = 0, None
    told = {name: str(getattr(selection, name)) for name in ("state", "provider", "type", "since")}
    while True:
        now = context.clock.now()
        async with context.db.begin() as session:
            done = await service.replay(session, selection, after_id=last_id, now=now)
            details = told | {"events": done.events}
            await service.note_replay(session, at=now, origin=SYSTEM, actor_id=None, details=details)
        replayed, last_id = replayed + done.events, done.last_id
        if last_id is None:
            return replayed


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
