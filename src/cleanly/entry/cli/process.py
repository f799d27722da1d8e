"""dev, serve, worker, migrate, demo, config check: the processes and what they need before they start."""

import asyncio
import sys
from typing import Annotated

import typer

from cleanly import __version__
from cleanly.entry import context as contexts
from cleanly.entry import demo as demos
from cleanly.entry import dev as laptop
from cleanly.entry import migrate as migrations
from cleanly.entry import serve as web
from cleanly.entry import telemetry
from cleanly.entry.cli.running import fail, out, settings, told
from cleanly.entry.demo import month as months
from cleanly.entry.modules import MODULES
from cleanly.entry.settings import unknown_variables
from cleanly.entry.worker import run_until_signal
from cleanly.kernel.observe import set_up_logging

config = typer.Typer(help="The settings.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    app.command()(dev)
    app.command()(serve)
    app.command()(worker)
    app.command()(migrate)
    app.command()(demo)
    app.command()(version)


def dev() -> None:
    """API, worker and PostgreSQL in one process, for a laptop."""
    found = settings()
    if found.is_production:
        fail("dev is for a laptop; in production run `cleanly serve` and `cleanly worker`")
    with told():
        laptop.try_port(found)
        with telemetry.running(found, "dev"):
            laptop.run(found)


def serve() -> None:
    """The web process."""
    found = settings()
    with told(), laptop.database(found) as (url, _, _):
        import uvloop  # noqa: PLC0415 - not on every system

        async def run() -> None:
            async with contexts.build(found, database_url=url, name="web") as context:
                await web.serve(context, found)

        with telemetry.running(found, "web"):
            uvloop.run(run())


def worker() -> None:
    """The background process: jobs, schedules, webhooks to subscribers."""
    found = settings()
    with told(), laptop.database(found) as (url, direct, _):
        import uvloop  # noqa: PLC0415 - not on every system

        async def run() -> None:
            async with contexts.build(found, database_url=url, name="worker") as context:
                await web.wait_for_schema(context)
                await run_until_signal(context, MODULES, found, url=direct)

        with telemetry.running(found, "worker"):
            uvloop.run(run())


def migrate() -> None:
    """Bring the database to this release's schema; safe to run twice at once."""
    found = settings()
    with told(), laptop.database(found) as (_, direct, _):
        out.print(f"schema at {migrations.migrate(direct)}")


def demo(
    base: Annotated[str, typer.Option(help="The service to play against.")] = "",
    buyer: Annotated[
        str, typer.Option(help="An address that acts as a buyer's phone at Stripe and PayPal, in tests.")
    ] = "",
    *,
    month: Annotated[
        bool, typer.Option("--month", help="A marketplace's month instead, on a scratch database of its own.")
    ] = False,
) -> None:
    """Play a phone's life and a market's day against a running service; or a month, against none."""
    if month:
        set_up_logging(level="warning", as_json=False, stream=sys.stderr)
        with told(), months.scratch() as url:
            if not asyncio.run(months.play(url, out)):
                raise typer.Exit(1)
        return
    address = base or f"http://localhost:{settings().listen_port}"
    if not asyncio.run(demos.play(address, out, buyer=buyer or None)):
        raise typer.Exit(1)


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@config.command("check")
def check() -> None:
    """Read the environment as a process would, and name every fault."""
    for name in unknown_variables():
        typer.echo(f"warning: {name} is set, but nothing reads it", err=True)
    found = settings()
    out.print(f"ok: {found.environment}, port {found.listen_port}")
