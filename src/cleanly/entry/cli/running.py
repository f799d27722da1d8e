"""What every command shares: settings read once, one Context for one piece of work, faults as one line."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import NoReturn, TextIO, TypeVar

import psycopg
import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from cleanly.entry import context as contexts
from cleanly.entry import dev, telemetry
from cleanly.entry.dev import PortTaken
from cleanly.entry.embedded import EmbeddedMissing
from cleanly.entry.migrate import MigrationBusy, MigrationIncomplete
from cleanly.entry.serve import SchemaMissing
from cleanly.entry.settings import BadSettings, Settings, load
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError
from cleanly.kernel.observe import set_up_logging

T = TypeVar("T")
# A table that goes into a pipe or a file is not cut to a terminal that is not there.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 240)


def fail(message: str) -> NoReturn:
    """Say it on stderr and exit 1."""
    typer.echo(f"cleanly: {message}", err=True)
    raise typer.Exit(1)


def settings(*, stream: TextIO | None = None) -> Settings:
    """Read the environment and set up logging, or name every fault and exit. What a command prints is not its log."""
    try:
        found = load()
    except BadSettings as error:
        fail("the settings are not usable:\n  " + str(error).replace("\n", "\n  "))
    set_up_logging(level=found.log_level, as_json=found.logs_json, stream=stream)
    return found


@contextmanager
def told() -> Generator[None, None, None]:
    """Turn the faults that an operator can mend into one line."""
    try:
        yield
    except AppError as error:
        if isinstance(error.__cause__, (DBAPIError, psycopg.Error)):
            fail(f"the database does not answer: {_first_line(error.__cause__)}")
        fail(error.text)
    except (EmbeddedMissing, PortTaken, MigrationBusy, MigrationIncomplete, SchemaMissing) as error:
        fail(str(error))
    except (DBAPIError, psycopg.Error) as error:
        fail(f"the database refused: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return next(iter(str(cause).strip().splitlines()), type(cause).__name__)


def work(name: str, job: Callable[[Context], Awaitable[T]]) -> T:
    """Run one piece of work in a Context of its own, on the database of the settings."""
    found = settings(stream=sys.stderr)

    async def run(url: str) -> T:
        async with contexts.build(found, database_url=url, name=name) as context:
            return await job(context)

    with told(), telemetry.running(found, name, serves=False), dev.database(found) as (url, _, _):
        return asyncio.run(run(url))


def is_interactive() -> bool:
    """Whether a person sits at the other end."""
    return sys.stdin.isatty()
