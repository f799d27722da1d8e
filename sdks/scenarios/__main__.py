"""`python -m sdks.scenarios [DATABASE_URL]`: run the stand until `POST /stop`, or until the input ends.

Prints one line of JSON, `{"proxy": ..., "control": ..., "service": ...}`, when it is ready. Without an address it makes
an empty database of its own in `.data/scenarios`, on the embedded PostgreSQL, and drops it at the end.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Generator

import psycopg
from psycopg import sql

from cleanly.entry import embedded, migrate
from sdks.scenarios.stand import ROOT, Stand


@contextlib.contextmanager
def database(given: str | None) -> Generator[str, None, None]:
    """The address to use."""
    if given is not None:
        yield given
        return
    name = f"scenarios_{os.getpid()}"
    with embedded.start(ROOT / ".data" / "scenarios" / "postgres") as server:
        server.create(name)
        migrate.migrate(server.url(name))
        try:
            yield server.url(name)
        finally:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def run(database_url: str) -> None:
    """Until somebody says stop, or nobody is left to say it."""
    stand = Stand(database_url)
    try:
        await stand.start()
        told = {"proxy": stand.proxy.address, "control": stand.control, "service": stand.service.address}
        print(json.dumps(told), flush=True)  # noqa: T201 - whoever started this reads it
        waiting = asyncio.create_task(_input_ends(stand.ended))
        await stand.ended.wait()
        waiting.cancel()
    finally:
        await stand.stop()


async def _input_ends(ended: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    ended.set()


if __name__ == "__main__":
    with database(sys.argv[1] if len(sys.argv) > 1 else None) as url:
        asyncio.run(run(url))
