"""Connections to PostgreSQL as its hosts really behave: URLs as printed, pooled hosts, frozen servers.

A server that is stopped refuses; one that is frozen (a suspended machine, a cut network) says nothing, and libpq
would wait for ever. Each wait therefore has a deadline; when it passes, the socket is shut and the driver reports
a lost connection, which is the truth as far as this process can know it.
"""

import asyncio
import os
import select
import socket
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import certifi
import psycopg
from psycopg.conninfo import conninfo_to_dict

from cleanly.kernel.dbwatch import WatchedCursor

_CONNECT_SECONDS_MAX = 3.0
_RETRY_PAUSE_SECONDS = 0.1
_RETRY_BUDGET_SECONDS = 2.0
_WAIT_SECONDS_DEFAULT = 30.0  # outside any Patience: pool clean-up, a migration's own connection sets its own
_deadline: ContextVar[float | None] = ContextVar("cleanly_db_deadline", default=None)


class BadDatabaseUrl(ValueError):
    """Not a PostgreSQL URL that libpq understands. The message never holds the password."""


class Patience:
    """How long the current task waits for the database, as one deadline for all waits inside the block."""

    __slots__ = ("_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        """Waits inside the block end at most so many seconds from now (an outer, nearer deadline stays)."""
        outer = _deadline.get()
        mine = asyncio.get_running_loop().time() + self._seconds
        self._token = _deadline.set(mine if outer is None or mine < outer else outer)

    def __exit__(self, *_: object) -> None:
        """What was outside holds again."""
        _deadline.reset(self._token)

    @staticmethod
    def deadline() -> float:
        """The loop time at which the current wait ends."""
        deadline = _deadline.get()
        return asyncio.get_running_loop().time() + _WAIT_SECONDS_DEFAULT if deadline is None else deadline


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A PostgreSQL address in the form that libpq takes."""

    conninfo: str
    is_pooled: bool

    @classmethod
    def parse(cls, text: str) -> "DatabaseUrl":
        """Read a URL in any form its host prints it: `postgres://`, with a driver suffix, as `psql '...'`.

        `sslmode=require` becomes `verify-full` against certifi's roots: `require` verifies nobody.

        Raises:
            BadDatabaseUrl: another scheme, or a parameter that libpq does not know.
        """
        text = text.strip().removeprefix("psql ").strip().strip("'\"")
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
        except ValueError as error:
            raise BadDatabaseUrl("not a URL") from error
        scheme, _, _driver = parts.scheme.partition("+")
        if scheme not in {"postgres", "postgresql"}:
            raise BadDatabaseUrl("the scheme must be postgresql://")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if query.get("sslmode") == "require" and "sslrootcert" not in query:
            query |= {"sslmode": "verify-full", "sslrootcert": certifi.where()}
        # By hand: urlunsplit drops the slashes of an address without a host, which is one of a socket.
        asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
        conninfo = f"postgresql://{parts.netloc}{parts.path}{asked}"
        try:
            conninfo_to_dict(conninfo)
        except psycopg.Error as error:
            raise BadDatabaseUrl(f"libpq does not understand it: {_without_secrets(str(error), parts)}") from error
        return cls(conninfo=conninfo, is_pooled="-pooler" in host.partition(".")[0])


def _without_secrets(message: str, parts: Any) -> str:
    for secret in (parts.password, unquote(parts.password or "")):
        message = message.replace(secret, "***") if secret else message
    return message


class PatientConnection(psycopg.AsyncConnection[Any]):
    """A connection whose every wait ends at the task's deadline."""

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ASYNC109
        """Wait as psycopg does, but shut the socket when the deadline passes."""
        deadline = _deadline.get()
        alarm = asyncio.get_running_loop().call_at(Patience.deadline() if deadline is None else deadline, self._hang_up)
        try:
            return await super().wait(gen, interval, timeout)
        finally:
            alarm.cancel()

    def _hang_up(self) -> None:
        # A duplicate, because libpq owns the descriptor and will close it when it meets the end of file.
        with socket.socket(fileno=os.dup(self.pgconn.socket)) as line:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:  # already disconnected: what we wanted
                return


def ear(connection: PatientConnection) -> select.poll:
    """What hears whether its socket has something to read that nobody asked for, or is closed.

    Raises:
        psycopg.OperationalError: the driver knows of no socket any more.
    """
    socket_of_it = select.poll()
    socket_of_it.register(connection.fileno(), select.POLLIN)
    return socket_of_it


def connector(
    where: DatabaseUrl, *, application_name: str, autocommit: bool = False
) -> Callable[[], Awaitable[PatientConnection]]:
    """Make the function by which a pool opens a connection.

    Only the connecting is retried (a compute that wakes refuses for some hundred milliseconds); a statement that
    may have run never is. Behind a transaction pooler no statement is prepared on the server.
    """

    async def connect() -> PatientConnection:
        loop = asyncio.get_running_loop()
        give_up = min(Patience.deadline() - 0.2, loop.time() + _RETRY_BUDGET_SECONDS)
        pause = _RETRY_PAUSE_SECONDS
        while True:
            try:
                return await _dial(where, application_name, autocommit=autocommit)
            except psycopg.OperationalError as error:
                if _is_final(error) or loop.time() + pause >= give_up:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    return connect


async def _dial(where: DatabaseUrl, application_name: str, *, autocommit: bool) -> PatientConnection:
    seconds = max(0.1, min(_CONNECT_SECONDS_MAX, Patience.deadline() - asyncio.get_running_loop().time()))
    try:
        # libpq's own connect_timeout has whole seconds and a floor of two.
        async with asyncio.timeout(seconds):
            return await PatientConnection.connect(
                where.conninfo,
                cursor_factory=WatchedCursor,
                application_name=application_name,
                prepare_threshold=None if where.is_pooled else 5,
                autocommit=autocommit,
            )
    except TimeoutError as error:
        raise psycopg.OperationalError("no answer from the database server while connecting") from error


def _is_final(error: psycopg.OperationalError) -> bool:
    """Wrong password, unknown database: trying again changes nothing."""
    return error.sqlstate is not None and error.sqlstate.startswith(("28", "3D"))
