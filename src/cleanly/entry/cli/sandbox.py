"""`cleanly sandbox`: move the sandbox provider's clock."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from cleanly.entry.cli.running import fail, out, work
from cleanly.kernel.context import Context
from cleanly.platform.providers.sandbox.adapter import Sandbox

app = typer.Typer(help="The sandbox payment provider.", no_args_is_help=True)
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@app.callback()
def group() -> None:
    """The sandbox payment provider."""


@app.command()
def advance(span: Annotated[str, typer.Argument(help="How far: 90s, 30m, 12h, 3d.")]) -> None:
    """Move the sandbox's clock ahead, and let happen what is due by then."""
    found = _SPAN.fullmatch(span)
    if found is None:
        fail("say how far, such as 90s, 30m, 12h or 3d")
    by = timedelta(**{_UNITS[found[2]]: int(found[1])})

    async def run(context: Context) -> int | None:
        sandbox = context.parts.get(Sandbox)
        return await sandbox.advance(by) if isinstance(sandbox, Sandbox) else None

    told = work("cli", run)
    if told is None:
        fail("the sandbox is off here")
    out.print(f"{span} later: {told} event{'' if told == 1 else 's'} delivered")
