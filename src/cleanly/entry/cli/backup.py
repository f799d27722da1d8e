"""`cleanly backup`: copies of the database outside its host. Exit code 1 when something is wrong with one."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Column, Table

from cleanly.entry import dev
from cleanly.entry.backup import copies, drills
from cleanly.entry.backup.errors import BackupFault
from cleanly.entry.backup.manifest import Manifest
from cleanly.entry.backup.stores import Store, open_store
from cleanly.entry.cli.running import fail, out, settings, told
from cleanly.entry.settings import Settings
from cleanly.kernel.clock import Clock, rfc3339

app = typer.Typer(help="Copies of the database outside its host.", no_args_is_help=True)
_Name = Annotated[str | None, typer.Argument(help="A copy's name; without it the newest.")]


@contextmanager
def _store() -> Generator[tuple[Settings, Store], None, None]:
    found = settings(stream=sys.stderr)
    with told():
        try:
            yield found, open_store(found)
        except BackupFault as error:
            fail(str(error))


@app.command()
def create() -> None:
    """Dump, seal, store, write the manifest; then forget copies older than BACKUP_KEEP_DAYS."""
    with _store() as (found, store):
        with dev.database(found) as (_, direct, _):
            made = copies.create(direct, store, found)
        out.print(f"{made.name}: {made.sealed_bytes:,} bytes, {sum(made.content.rows.values()):,} rows", markup=False)
        for name in copies.forget_old(store, keep_days=found.backup_keep_days, now=Clock().now()):
            out.print(f"forgot {name}", markup=False)


@app.command("list")
def list_copies() -> None:
    """Every whole copy, the newest first."""
    table = Table(
        "name", "taken at", Column("bytes", justify="right"), Column("rows", justify="right"), "schema", box=None
    )
    with _store() as (_, store):
        for one in copies.found(store):
            rows = f"{sum(one.content.rows.values()):,}"
            table.add_row(one.name, rfc3339(one.taken_at), f"{one.sealed_bytes:,}", rows, one.content.revision)
    out.print(table, markup=False)


@app.command()
def verify(
    name: _Name = None,
    max_age_hours: Annotated[float | None, typer.Option(help="Fail when the copy is older than this.")] = None,
) -> None:
    """Fetch a copy and compare its checksums; with BACKUP_KEY also what is inside. Touches no database."""
    with _store() as (found, store):
        chosen = copies.choose(store, name)
        hours = _age_hours(chosen)
        if max_age_hours is not None and hours > max_age_hours:
            fail(f"{chosen.name} is {hours:.1f} h old: `cleanly backup create` has not run")
        is_opened = copies.verify(store, chosen, found)
    how = "opened and whole" if is_opened else "whole; not opened, for BACKUP_KEY is not here"
    out.print(f"{chosen.name}: {how}, {hours:.1f} h old", markup=False)


@app.command("restore-drill")
def restore_drill(
    name: _Name = None,
    into: Annotated[
        str, typer.Option(help="The address of a database on a server where a fresh one may be made for the drill.")
    ] = "",
) -> None:
    """Restore a copy into a fresh database, compare it with its manifest, prove the books; then drop it."""
    with _store() as (found, store):
        chosen = copies.choose(store, name)
        done = drills.drill(store, chosen, found, server=into or None, now=Clock().now())
    if done.faults:
        fail(f"{chosen.name} did not come back as it was:\n  " + "\n  ".join(done.faults))
    took, old = done.duration_seconds, done.data_age_seconds / 3600
    out.print(f"{chosen.name}: restored and proven in {took:.1f} s; its data was {old:.1f} h old", markup=False)


@app.command()
def restore(
    into: Annotated[str, typer.Option(help="The address of an empty database.")],
    name: _Name = None,
) -> None:
    """Restore a copy into an empty database, for good: docs/runbooks/restore-from-backup.md."""
    with _store() as (found, store):
        chosen = copies.choose(store, name)
        drills.restore_into(store, chosen, found, url=into)
    out.print(f"{chosen.name} is restored; its data is of {rfc3339(chosen.taken_at)}", markup=False)


def _age_hours(chosen: Manifest) -> float:
    return (Clock().now() - chosen.taken_at).total_seconds() / 3600
