"""`cleanly edge`: the zone at Cloudflare, compared with what it shall be, and brought there."""

import json
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Annotated

import typer

from cleanly.entry.cli.running import fail, out, settings
from cleanly.entry.edge import flows, show
from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.plan import Change
from cleanly.entry.edge.wanted import Wanted, wanted
from cleanly.entry.edge.zone import Zone, open_zone

app = typer.Typer(help="The zone at Cloudflare: docs/edge.md.", no_args_is_help=True)
_CHANGES = 2
_DnsOnly = Annotated[bool, typer.Option("--dns-only", help="Only the names, not proxied: the first step of a set-up.")]
_Prune = Annotated[bool, typer.Option("--prune", help="Delete rules and addresses that are not ours.")]
_Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@contextmanager
def _zone(*, dns_only: bool) -> Generator[tuple[Zone, Wanted], None, None]:
    found = settings(stream=sys.stderr)
    secrets = tuple(one.get_secret_value() for one in found.edge_secret)
    try:
        shall = wanted(found, public_url=found.public_url, secret=secrets[0] if secrets else None, dns_only=dns_only)
        with closing(open_zone(found, hidden=secrets)) as zone:
            yield zone, shall
    except EdgeFault as error:
        fail(str(error))


@app.command()
def plan(*, dns_only: _DnsOnly = False, prune: _Prune = False, as_json: _Json = False) -> None:
    """Print what `apply` would write. Exit code 0: nothing, 2: changes, 1: a fault. Writes nothing."""
    with _zone(dns_only=dns_only) as (zone, shall):
        missing = flows.look(zone, shall, prune=prune)
    if as_json:
        _print(json.dumps(show.document(missing, host=shall.host, is_applied=False), indent=2))
    else:
        for line in show.text(missing):
            _print(line)
    if missing.changes:
        raise typer.Exit(_CHANGES)


@app.command()
def apply(*, dns_only: _DnsOnly = False, prune: _Prune = False, as_json: _Json = False) -> None:
    """Write what differs, each as it is printed, and look whether it is there. Exit code 0: done, 1: a fault."""

    def told(change: Change) -> None:
        for one in change.differences if not as_json else ():
            for line in show.difference(one):
                _print(line)

    with _zone(dns_only=dns_only) as (zone, shall):
        done = flows.apply(zone, shall, prune=prune, told=told)
    if as_json:
        _print(json.dumps(show.document(done, host=shall.host, is_applied=True), indent=2))
        return
    for name in done.kept:
        _print(f"  {name} is not ours and stays")
    _print(f"done: {len(done.differences)} changes" if done.changes else show.summary(done))


def _print(line: str) -> None:
    out.print(line, markup=False)
