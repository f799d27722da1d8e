"""`cleanly cron`: run one schedule now, for a platform's own scheduler."""

from typing import Annotated

import typer
from rich.table import Table

from cleanly.entry.cli.running import fail, out, work
from cleanly.entry.modules import MODULES
from cleanly.kernel.context import Context
from cleanly.platform.cron import flows
from cleanly.platform.cron.errors import NoSuchCron

app = typer.Typer(help="Schedules.", no_args_is_help=True)


@app.command()
def run(name: Annotated[str, typer.Argument(help="The schedule's name, such as auth.sweep.")]) -> None:
    """Do a schedule's work here and now; once per due minute, however often it is called."""

    async def once(context: Context) -> bool:
        return await flows.run_once(context, MODULES, name, now=context.clock.now())

    try:
        done = work("cron", once)
    except NoSuchCron as error:
        fail(str(error))
    except ExceptionGroup as error:
        fail(f"{name} failed: {error}")
    out.print(f"{name}: done" if done else f"{name}: was done before for this minute")


@app.command("list")
def list_crons() -> None:
    """Every schedule, in UTC."""
    table = Table("name", "schedule", box=None)
    for module in MODULES:
        for cron in module.crons:
            table.add_row(cron.task.name, cron.schedule)
    out.print(table)
