"""The worker's own line to PostgreSQL: a few pooled connections, and one that listens."""

import asyncio
from collections.abc import Iterable

import psycopg
import structlog
from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException

from cleanly.kernel.pgconn import DatabaseUrl

_log = structlog.get_logger(__name__)
_LISTEN_AGAIN_SECONDS = 1.0
# A cut network says nothing. Short enough that a lost line is known within about a minute.
_KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def is_outage(error: BaseException) -> bool:
    """Whether the server could not be reached or has hung up, as against: it has refused the statement."""
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    return isinstance(cause, psycopg.OperationalError)


class Line(PsycopgConnector):
    """Procrastinate's connector, except that a lost listener dials again instead of ending the worker."""

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen for ever. While the line is down the worker polls."""
        channels = list(channels)
        while True:
            try:
                await super().listen_notify(on_notification, channels)
            except ConnectorException as error:
                if not is_outage(error):
                    raise
                _log.warning("jobs_listener_lost", error=type(error.__cause__).__name__)
            await asyncio.sleep(_LISTEN_AGAIN_SECONDS)


def line(where: DatabaseUrl) -> Line:
    """A closed line. Behind a transaction pooler no statement is prepared on the server."""
    return Line(
        conninfo=where.conninfo,
        kwargs={
            "application_name": "cleanly-worker",
            "prepare_threshold": None if where.is_pooled else 5,
            **_KEEPALIVE,
        },
        min_size=1,
        max_size=3,
        timeout=10.0,
        # Give up soon: the pool's own pauses double up to minutes, while each new request dials at once.
        reconnect_timeout=2.0,
    )
