"""Hears that something is due: LISTEN on a line of its own, dialled again whenever it is lost."""

import asyncio
from collections.abc import Callable

import psycopg
import structlog

from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.webhooks.outbound.messages import CHANNEL

_log = structlog.get_logger(__name__)
_DIAL_SECONDS_MAX = 5
_AGAIN_SECONDS = 1.0


async def listen(where: DatabaseUrl, on_due: Callable[[], None], stop: asyncio.Event) -> None:
    """Call `on_due` whenever somebody has published, until `stop`. While the line is down the dispatcher polls."""
    while not stop.is_set():
        try:
            await _listen(where, on_due)
        except psycopg.OperationalError as error:
            _log.warning("outbound_listener_lost", error=type(error).__name__)
        await pause(stop, _AGAIN_SECONDS)


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, and no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _listen(where: DatabaseUrl, on_due: Callable[[], None]) -> None:
    connection = await psycopg.AsyncConnection.connect(
        where.conninfo,
        autocommit=True,
        application_name="cleanly-outbound",
        connect_timeout=_DIAL_SECONDS_MAX,
        # A cut network says nothing.
        keepalives_idle=20,
        keepalives_interval=10,
        keepalives_count=3,
        tcp_user_timeout=30_000,
    )
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        on_due()  # for what was published before this line stood
        async for _ in connection.notifies():
            on_due()
