"""Make, list, verify and forget copies."""

import hashlib
import pathlib
import subprocess
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, cast

import structlog
from pydantic import ValidationError

from cleanly.entry.backup import content, programs, sealing
from cleanly.entry.backup.errors import BackupFault
from cleanly.entry.backup.manifest import COPIES, Manifest
from cleanly.entry.backup.settings import BackupSettings
from cleanly.entry.backup.stores import Store
from cleanly.kernel.crypto import Unsealable
from cleanly.kernel.pgconn import DatabaseUrl

KEPT_MIN = 3  # the newest ones stay however old they are: a copy that is late is better than none
_BLOCK_BYTES = 1024 * 1024
_SAID_MAX = 2_000
_log = structlog.get_logger(__name__)


def create(url: str, store: Store, settings: BackupSettings) -> Manifest:
    """Dump the database at `url` (the direct host), seal it, store it, and the manifest last.

    Counts and sums come from the dump's own snapshot, so a restored copy must equal them exactly.

    Raises:
        BackupFault: no key, no fitting pg_dump, a dump that failed, a store that refused.
        psycopg.Error: the database refused.
    """
    recipient = settings.backup_seals_for
    if recipient is None:
        raise BackupFault("copies are sealed: set BACKUP_RECIPIENT (`cleanly keys rotate backup` makes one)")
    where = DatabaseUrl.parse(url)
    if where.is_pooled:
        raise BackupFault("a dump needs the direct host: set DIRECT_DATABASE_URL")
    with working_folder() as folder, content.snapshot(where.conninfo) as connection:
        version = connection.info.server_version
        program = programs.find("pg_dump", server_major=version // 10_000, folder=settings.backup_programs)
        taken_at, lsn, snapshot = connection.execute(
            "SELECT now(), pg_current_wal_lsn()::text, pg_export_snapshot()"
        ).fetchall()[0]
        name = f"cleanly-{taken_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        dump = folder / "dump"
        held = content.read(connection)
        sums = _dump(program, where.conninfo, snapshot, dump, recipient=recipient, name=name)
        manifest = Manifest(
            name=name,
            taken_at=taken_at,
            lsn=lsn,
            server_version=version,
            key=sealing.key_id(recipient).hex(),
            plain_bytes=sums.plain_bytes,
            plain_sha256=sums.plain_sha256,
            sealed_bytes=sums.sealed_bytes,
            sealed_sha256=sums.sealed_sha256,
            content=held,
        )
        store.put(manifest.copy_name, dump)
        written = folder / "manifest"
        written.write_text(manifest.model_dump_json(indent=1))
        store.put(f"{COPIES}{name}.json", written)
    _log.info("backup_created", backup=name, bytes=sums.sealed_bytes, tables=len(held.rows))
    return manifest


def _dump(
    program: pathlib.Path, conninfo: str, snapshot: str, target: pathlib.Path, *, recipient: bytes, name: str
) -> sealing.Sums:
    """pg_dump's output goes through the seal into a file: the plain bytes touch no disk."""
    command = [str(program), "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    with tempfile.TemporaryFile() as said, target.open("wb") as sealed:
        dumping = subprocess.Popen(command, env=programs.environment(conninfo), stdout=subprocess.PIPE, stderr=said)  # noqa: S603 - ours
        with dumping:
            sums = sealing.seal(cast("BinaryIO", dumping.stdout), sealed, recipient=recipient, name=name)
        if dumping.returncode != 0:
            raise BackupFault(f"pg_dump failed: {last_words(said)}")
    return sums


def last_words(said: BinaryIO) -> str:
    """What a program wrote to stderr, its end."""
    end = said.seek(0, 2)
    said.seek(max(0, end - _SAID_MAX))
    return said.read().decode(errors="replace").strip() or "without a word"


def found(store: Store) -> list[Manifest]:
    """Every whole copy, the newest first. One without a manifest, or with a changed size, is none."""
    objects = {one.name: one.size for one in store.stored(COPIES)}
    manifests = [_read(store, name) for name in objects if name.endswith(".json")]
    whole = [one for one in manifests if objects.get(one.copy_name) == one.sealed_bytes]
    return sorted(whole, key=lambda one: one.taken_at, reverse=True)


def _read(store: Store, name: str) -> Manifest:
    with working_folder() as folder:
        store.fetch(name, folder / "manifest")
        try:
            return Manifest.model_validate_json((folder / "manifest").read_bytes())
        except ValidationError as error:
            raise BackupFault(f"{name} is no manifest that can be read") from error


def choose(store: Store, name: str | None) -> Manifest:
    """The copy of that name, or the newest.

    Raises:
        BackupFault: there is none.
    """
    objects = {one.name for one in store.stored(COPIES)}
    # One that is named must be had even when another's manifest can't be read.
    named = [] if name is None else [_read(store, written) for written in objects & {f"{COPIES}{name}.json"}]
    chosen = found(store) if name is None else [one for one in named if one.copy_name in objects]
    if not chosen:
        raise BackupFault(f"there is no whole copy {name}" if name else "there is no whole copy")
    return chosen[0]


@contextmanager
def fetched(store: Store, manifest: Manifest) -> Generator[pathlib.Path, None, None]:
    """The sealed dump as a file that is exactly the one that was stored.

    Raises:
        BackupFault: it is another.
    """
    with working_folder() as folder:
        path = folder / "dump"
        store.fetch(manifest.copy_name, path)
        with path.open("rb") as sealed:
            digest = hashlib.file_digest(sealed, "sha256").hexdigest()
        if digest != manifest.sealed_sha256:
            raise BackupFault(f"{manifest.name} is not what was stored: its checksum is another")
        yield path


def verify(store: Store, manifest: Manifest, settings: BackupSettings) -> bool:
    """Fetch a copy and compare its checksums; False if only the sealed one, for there is no key to open it.

    Raises:
        BackupFault: it is damaged.
    """
    with fetched(store, manifest) as path:
        if not settings.backup_keys:
            return False
        with path.open("rb") as sealed:
            for _ in opened(sealed, manifest, settings):
                continue
    return True


def opened(sealed: BinaryIO, manifest: Manifest, settings: BackupSettings) -> Iterable[bytes]:
    """The plain dump, chunk by chunk; after the last one the whole has been compared.

    Raises:
        BackupFault: no key opens it, or it is damaged.
    """
    digest = hashlib.sha256()
    try:
        for chunk in sealing.unseal(sealed, keys=settings.backup_keys, name=manifest.name):
            digest.update(chunk)
            yield chunk
    except Unsealable as error:
        raise BackupFault(f"{manifest.name} can't be opened: {error}") from error
    if digest.hexdigest() != manifest.plain_sha256:
        raise BackupFault(f"{manifest.name} is not what was dumped: its checksum is another")


def forget_old(store: Store, *, keep_days: int, now: datetime) -> list[str]:
    """Delete copies older than that, the newest few aside; 0: none, for the bucket forgets by itself.

    What an upload left without a manifest goes, too, when it is as old.
    """
    if keep_days == 0:
        return []
    copies = found(store)
    before = now - timedelta(days=keep_days)
    kept = {one.name for one in copies[:KEPT_MIN]} | {one.name for one in copies if one.taken_at >= before}
    limit = f"cleanly-{before.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    gone: list[str] = []
    # The manifest first: what is half deleted must not look like a copy.
    for one in sorted(store.stored(COPIES), key=lambda one: not one.name.endswith(".json")):
        name = one.name.removeprefix(COPIES).rpartition(".")[0]
        if name not in kept and name < limit:
            store.delete(one.name)
            gone.append(one.name)
    return gone


@contextmanager
def working_folder() -> Generator[pathlib.Path, None, None]:
    """A folder of our own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cleanly-backup") as name:
        yield pathlib.Path(name)
