"""A real hot standby of a test's PostgreSQL: it streams, and can be held back, stopped and started again."""

import pathlib
import subprocess

import psycopg

from tests.flows.process import Postgres, until


class Standby(Postgres):
    """Streams from `primary`. Its `url` names the same database, read-only."""

    def __init__(self, primary: Postgres, folder: pathlib.Path) -> None:
        super().__init__(primary.like, folder)
        self._primary = primary

    def make(self) -> None:
        """As an operator makes one: a copy of the running primary, which then follows (`-R`)."""
        copied = [self._programs / "pg_basebackup", "-h", self._primary.sockets, "-U", "postgres"]
        copied += ["-D", self._data, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        subprocess.run(copied, check=True, user=self._user, cwd="/", stdout=subprocess.DEVNULL)
        self.start()

    def hold_back(self) -> None:
        """What the primary commits from now on does not arrive, as when the network between them is slow."""
        self._do("SELECT pg_wal_replay_pause()")
        until(lambda: self.rows("SELECT pg_get_wal_replay_pause_state()") == [("paused",)], "the replay is paused")

    def catch_up(self) -> None:
        """Wait until everything that the primary has committed by now can be read here."""
        self._do("SELECT pg_wal_replay_resume()")
        (where,) = self._primary.rows("SELECT pg_current_wal_lsn()::text")[0]
        until(
            lambda: self.rows("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", where) == [(True,)],
            "the standby has caught up",
        )

    def _do(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())
