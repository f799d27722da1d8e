"""Practise the restore: a copy goes into a fresh database and must be, row for row, what it says it is."""

import pathlib
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from cleanly.entry import embedded, migrate
from cleanly.entry.backup import content, copies, programs
from cleanly.entry.backup.errors import BackupFault
from cleanly.entry.backup.manifest import DRILLS, Drill, Manifest, differences
from cleanly.entry.backup.settings import BackupSettings
from cleanly.entry.backup.stores import Store
from cleanly.kernel.pgconn import DatabaseUrl


def drill(store: Store, manifest: Manifest, settings: BackupSettings, *, server: str | None, now: datetime) -> Drill:
    """Restore a copy, look at it, and write down how that went, also when it went badly.

    `server` is the address of any database on a server where one more may be made; None: an embedded one.

    Raises:
        BackupFault: the result could not be stored.
    """
    began = time.monotonic()
    try:
        with _server(server) as address:
            faults = _restore_and_look(store, manifest, settings, address)
    except (BackupFault, embedded.EmbeddedMissing) as error:
        faults = [str(error)]
    except psycopg.Error as error:
        faults = [f"the database refused: {str(error).strip().splitlines()[0]}"]
    done = Drill(
        backup=manifest.name,
        started_at=now,
        duration_seconds=round(time.monotonic() - began, 3),
        data_age_seconds=round((now - manifest.taken_at).total_seconds(), 3),
        faults=tuple(faults),
    )
    with copies.working_folder() as folder:
        (folder / "drill").write_text(done.model_dump_json(indent=1))
        store.put(f"{DRILLS}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.json", folder / "drill")
    return done


@contextmanager
def _server(address: str | None) -> Generator[str, None, None]:
    if address is not None:
        yield address
        return
    with copies.working_folder() as folder:
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        with embedded.start(folder / "postgres") as server:
            yield server.url("postgres")


def _restore_and_look(store: Store, manifest: Manifest, settings: BackupSettings, server: str) -> list[str]:
    with copies.fetched(store, manifest) as path, _fresh_database(server, f"drill_{manifest.name}") as conninfo:
        restore(path, manifest, settings, conninfo)
        with content.snapshot(conninfo) as connection:
            faults = differences(manifest.content, content.read(connection)) + content.unsound(connection)
        if faults:
            return faults
        # This code must be able to go on from there: it brings the schema up, and the books stay sound.
        reached = migrate.migrate(conninfo)
        with content.snapshot(conninfo) as connection:
            faults = content.unsound(connection)
        return faults if reached == migrate.head() else [*faults, f"the schema stays at {reached}"]


def restore_into(store: Store, manifest: Manifest, settings: BackupSettings, *, url: str) -> None:
    """Bring a copy into an empty database, for good.

    Raises:
        BackupFault: it is not empty, the copy is damaged, or what came back is not what the copy says.
        psycopg.Error: the database refused.
    """
    where = DatabaseUrl.parse(url)
    if where.is_pooled:
        raise BackupFault("a restore needs the direct host")
    with psycopg.connect(where.conninfo) as connection:
        if connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone():
            raise BackupFault("that database is not empty: make a new one, keep the old one")
    with copies.fetched(store, manifest) as path:
        restore(path, manifest, settings, where.conninfo)
    with content.snapshot(where.conninfo) as connection:
        faults = differences(manifest.content, content.read(connection)) + content.unsound(connection)
    if faults:
        raise BackupFault(f"{manifest.name} did not come back as it was: {'; '.join(faults)}")
    content.analyse(where.conninfo)


def restore(path: pathlib.Path, manifest: Manifest, settings: BackupSettings, conninfo: str) -> None:
    """Unseal a fetched dump into an empty database; the plain bytes touch no disk.

    Raises:
        BackupFault: it can't be opened, or pg_restore failed.
    """
    with psycopg.connect(conninfo) as connection:
        major = connection.info.server_version // 10_000
    if major < manifest.server_version // 10_000:
        raise BackupFault(f"the copy is of PostgreSQL {manifest.server_version // 10_000}, this server is {major}")
    program = programs.find("pg_restore", server_major=major, folder=settings.backup_programs)
    target = str(conninfo_to_dict(conninfo).get("dbname") or "")
    command = [str(program), "--exit-on-error", "--no-owner", "--no-privileges", "-d", target]
    with tempfile.TemporaryFile() as said, path.open("rb") as sealed:
        restoring = subprocess.Popen(  # noqa: S603 - ours
            command, env=programs.environment(conninfo), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        try:
            with restoring:
                assert restoring.stdin is not None  # noqa: S101 - asked for above
                for chunk in copies.opened(sealed, manifest, settings):
                    restoring.stdin.write(chunk)
        except BrokenPipeError:  # it ended early: its exit code says why
            restoring.wait()
        except BackupFault:
            restoring.kill()
            raise
        if restoring.returncode != 0:
            raise BackupFault(f"pg_restore failed: {copies.last_words(said)}")


@contextmanager
def _fresh_database(server: str, name: str) -> Generator[str, None, None]:
    """A database that is there for the block only."""
    where = DatabaseUrl.parse(server).conninfo
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            parts = urlsplit(where)
            yield f"postgresql://{parts.netloc}/{name}{f'?{parts.query}' if parts.query else ''}"
        finally:
            connection.execute(drop)
