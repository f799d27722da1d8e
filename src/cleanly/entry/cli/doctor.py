"""`cleanly doctor`: is this deployment as it should be? Exit code 0: yes. 1: no. 2: nobody can tell."""

import asyncio
import json
import pathlib
import re
import subprocess
import sys
from contextlib import closing
from typing import Annotated

import typer

from cleanly.entry import migrate
from cleanly.entry.cli.running import fail, out
from cleanly.entry.doctor import printing, running
from cleanly.entry.doctor.subject import AUDIT_REPORT, LOAD_REPORT, EdgeChanges, Subject
from cleanly.entry.doctor.verdicts import CannotTell
from cleanly.entry.edge import flows as edge
from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.wanted import wanted
from cleanly.entry.edge.zone import open_zone
from cleanly.entry.settings import Settings, readable
from cleanly.kernel.clock import Clock
from cleanly.kernel.net import Http
from cleanly.kernel.observe import set_up_logging

_ORIGIN = re.compile(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?$")
_GIT_SECONDS_MAX = 5


def doctor(
    *,
    area: Annotated[list[str] | None, typer.Option(help="Only this area; may be given again.")] = None,
    live: Annotated[str, typer.Option(help="The service's address; else PUBLIC_URL.", metavar="URL")] = "",
    commit: Annotated[str, typer.Option(help="What should be deployed; else this checkout's commit.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For a program: docs/doctor.schema.json.")] = False,
    load_report: Annotated[pathlib.Path, typer.Option(help="What the load test wrote.")] = pathlib.Path(LOAD_REPORT),
    audit_report: Annotated[pathlib.Path, typer.Option(help="What the audit wrote.")] = pathlib.Path(AUDIT_REPORT),
) -> None:
    """Look at everything that a deployment needs; changes nothing."""
    if strange := sorted(set(area or ()) - set(running.areas())):
        fail(f"there is no area {', '.join(strange)}; there are {', '.join(running.areas())}")
    found, faults = readable()
    set_up_logging(level="error", as_json=False, stream=sys.stderr)
    root = checkout()

    async def examine() -> running.Report:
        http = Http.to_known()
        try:
            subject = Subject(
                settings=found,
                edge_changes=edge_changes(found),
                faults=faults,
                root=root,
                now=Clock().now(),
                http=http,
                target=_target(live, found),
                commit=commit or _git(root, "rev-parse", "HEAD"),
                repository=_repository(root),
                load_report=load_report,
                audit_report=audit_report,
            )
            return await running.examine(subject, running.chosen(area or ()))
        finally:
            await http.close()

    report = asyncio.run(examine())
    if as_json:
        typer.echo(json.dumps(printing.as_json(report), indent=2))
    else:
        printing.show(report, out)
    raise typer.Exit(report.exit_code)


def checkout() -> pathlib.Path:
    """The checkout that this is run in; else the one that this code stands in."""
    here = pathlib.Path.cwd()
    return here if (here / "render.yaml").is_file() else migrate.folder().parent


def edge_changes(found: Settings) -> EdgeChanges | None:
    """What `cleanly edge plan` would say; None without the keys to ask."""
    if found.cloudflare_api_token is None or found.cloudflare_zone_id is None:
        return None
    secrets = tuple(one.get_secret_value() for one in found.edge_secret)

    def plan() -> list[str]:
        shall = wanted(found, public_url=found.public_url, secret=secrets[0] if secrets else None, dns_only=False)
        with closing(open_zone(found, hidden=secrets)) as zone:
            return [one.name for one in edge.look(zone, shall, prune=False).differences]

    async def changes() -> list[str]:
        try:
            return await asyncio.to_thread(plan)
        except EdgeFault as error:
            raise CannotTell(str(error), fix="run `cleanly edge plan`") from error

    return changes


def _target(given: str, settings: Settings) -> str:
    target = given or settings.public_url or ""
    if target and not target.startswith(("https://", "http://")):
        fail("--live needs an address that begins with https://")
    return target


def _repository(root: pathlib.Path) -> str | None:
    found = _ORIGIN.search(_git(root, "remote", "get-url", "origin"))
    return found.group(1) if found else None


def _git(root: pathlib.Path, *words: str) -> str:
    """What git says, or nothing: an installed package has no history."""
    try:
        done = subprocess.run(  # noqa: S603 - words of ours
            ["git", "-C", str(root), *words],  # noqa: S607 - the operator's own git
            capture_output=True,
            text=True,
            check=False,
            timeout=_GIT_SECONDS_MAX,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
