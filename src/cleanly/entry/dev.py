"""`cleanly dev`: API, worker and PostgreSQL in one go, for a laptop. What it starts, it ends."""

import asyncio
import contextlib
import pathlib
import socket
from collections.abc import Generator

from rich.console import Console

from cleanly.entry import context as contexts
from cleanly.entry import embedded, migrate, serve
from cleanly.entry.health import Liveness
from cleanly.entry.modules import MODULES
from cleanly.entry.settings import Settings
from cleanly.entry.worker import run_worker

_console = Console(highlight=False, soft_wrap=True)


class PortTaken(RuntimeError):
    """Somebody listens where this service should."""


@contextlib.contextmanager
def database(settings: Settings) -> Generator[tuple[str, str, str], None, None]:
    """The database to use: pooled address, direct address, and how to call it on the console.

    DATABASE_URL if it is set; else the embedded server, with its data in CLEANLY_DATA_DIR.
    """
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        direct = settings.direct_database_url or settings.database_url
        yield url, direct.get_secret_value(), "DATABASE_URL"
        return
    folder = pathlib.Path(settings.cleanly_data_dir).resolve() / "postgres"
    with embedded.start(folder) as server:
        server.create("cleanly")
        yield server.url("cleanly"), server.url("cleanly"), f"embedded PostgreSQL, data in {folder.parent}"


def for_a_laptop(settings: Settings) -> Settings:
    """Webhooks may go to this machine, and links in mails lead to it, unless the environment says otherwise."""
    own = {"outbound_loopback": "on", "app_link_base": f"http://localhost:{settings.listen_port}/app"}
    return settings.model_copy(
        update={name: value for name, value in own.items() if name not in settings.model_fields_set}
    )


def run(settings: Settings) -> None:
    """Migrate and serve until Ctrl-C.

    Raises:
        EmbeddedMissing: no DATABASE_URL, and the embedded server is not installed.
    """
    settings = for_a_laptop(settings)
    with database(settings) as (url, direct, name):
        migrate.migrate(direct)
        _greet(settings, name)
        import uvloop  # noqa: PLC0415 - not on every system

        uvloop.run(_serve(settings, url, direct))


def try_port(settings: Settings) -> None:
    """Find out before anything is started or promised.

    Raises:
        PortTaken: nobody can listen there.
    """
    host, port = settings.listen_host, settings.listen_port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise PortTaken(f"cannot listen on {host}:{port} ({error.strerror}); API_PORT names another") from error


async def _serve(settings: Settings, url: str, direct: str) -> None:
    async with contexts.build(settings, database_url=url, name="dev") as context:
        context.part(Liveness).has_booted = True
        stop = asyncio.Event()
        working = asyncio.create_task(run_worker(context, MODULES, settings, url=direct, stop=stop))
        try:
            await serve.server(context, settings).serve()
        finally:
            stop.set()
            await working


def _greet(settings: Settings, database_name: str) -> None:
    base = f"http://localhost:{settings.listen_port}"
    _console.print(f"\n[bold]cleanly[/bold] · {database_name}\n")
    _console.print(f"  API      {base}/api/v1")
    if settings.shows_docs:
        _console.print(f"  docs     {base}/docs")
    if settings.mail_url is None:
        _console.print(f"  mailbox  {base}/dev/mail")
    body = '{"email":"ada@example.com","password":"a long enough phrase","name":"Ada"}'
    _console.print("\n  try:")
    _console.print(
        f"  curl -s {base}/api/v1/auth/register -H 'Content-Type: application/json' -d '{body}'", markup=False
    )
    _console.print("\n  Ctrl-C ends everything; the data stays.\n")
