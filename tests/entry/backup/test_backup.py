"""A copy is made, found, proven and restored; and each way in which it can be bad is told, never passed over."""

import asyncio
import pathlib
import re
import shutil
from collections.abc import Callable, Generator
from datetime import timedelta

import boto3
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from cleanly.entry import embedded, migrate
from cleanly.entry.backup import content, copies, drills, jobs, metrics, programs, sealing
from cleanly.entry.backup.errors import BackupFault
from cleanly.entry.backup.manifest import Drill, Manifest
from cleanly.entry.backup.settings import BackupSettings
from cleanly.entry.backup.stores import Bucket, Folder, Store, open_store
from cleanly.entry.cli import app, running
from cleanly.kernel.clock import Clock
from cleanly.kernel.crypto import b64url, b64url_decode
from tests.world import World

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"
NEW_KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU"
NOW = Clock().now


@pytest.fixture(scope="module")
def bucket_settings() -> Generator[BackupSettings, None, None]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    made = BackupSettings.model_validate(
        {
            "backup_bucket": "copies",
            "backup_endpoint_url": f"http://127.0.0.1:{port}",
            "backup_region": "us-east-1",
            "backup_access_key_id": "an-id",
            "backup_secret_access_key": "a-secret",
            "backup_key": KEY,
        }
    )
    client = boto3.client(
        "s3",
        endpoint_url=made.backup_endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="an-id",
        aws_secret_access_key="a-secret",
    )
    client.create_bucket(Bucket="copies")
    yield made
    server.stop()


def in_folder(path: pathlib.Path, **changes: object) -> BackupSettings:
    return BackupSettings.model_validate({"backup_folder": str(path), "backup_key": KEY} | changes)


@pytest.fixture
async def sold(world: World) -> World:
    """A service with somebody in it."""
    await world.register()
    return world


async def test_a_copy_in_a_bucket_comes_back_row_for_row(
    sold: World, database_url: str, server: embedded.EmbeddedServer, bucket_settings: BackupSettings
):
    store = open_store(bucket_settings)
    made = await asyncio.to_thread(copies.create, database_url, store, bucket_settings)
    assert made.content.rows["users"] == 1
    assert made.content.revision == migrate.head()
    assert [one.name for one in copies.found(store)] == [made.name]
    assert copies.verify(store, made, bucket_settings)
    # Whoever has no key can still tell whether it is whole.
    assert not copies.verify(store, made, bucket_settings.model_copy(update={"backup_key": ()}))
    began = NOW()
    done = await asyncio.to_thread(drills.drill, store, made, bucket_settings, server=server.url("postgres"), now=began)
    assert done.faults == ()
    assert done.duration_seconds > 0
    assert done.data_age_seconds == pytest.approx((began - made.taken_at).total_seconds(), abs=0.01)
    assert jobs.drills(store) == [done]
    with psycopg.connect(server.url("postgres")) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'drill%'").fetchall()
    assert left == []


@pytest.fixture(params=["folder", "bucket"])
def copied(
    request: pytest.FixtureRequest, database_url: str, tmp_path: pathlib.Path, bucket_settings: BackupSettings
) -> tuple[BackupSettings, Store, Manifest]:
    settings = in_folder(tmp_path / "copies") if request.param == "folder" else bucket_settings
    store = open_store(settings)
    for left in store.stored(""):
        store.delete(left.name)
    return settings, store, copies.create(database_url, store, settings)


def spoil(store: Store, name: str, change: Callable[[bytes], bytes]) -> None:
    """What lies in the store becomes something else."""
    with copies.working_folder() as folder:
        store.fetch(name, folder / "object")
        (folder / "object").write_bytes(change((folder / "object").read_bytes()))
        store.put(name, folder / "object")


def drilled(
    copied: tuple[BackupSettings, Store, Manifest], server: embedded.EmbeddedServer, manifest: Manifest | None = None
) -> tuple[str, ...]:
    settings, store, made = copied
    return drills.drill(store, manifest or made, settings, server=server.url("postgres"), now=NOW()).faults


def test_a_flipped_byte_is_told(copied, server: embedded.EmbeddedServer):
    settings, store, made = copied
    middle = made.sealed_bytes // 2
    spoil(store, made.copy_name, lambda good: good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :])
    with pytest.raises(BackupFault, match="checksum"):
        copies.verify(store, made, settings)
    (fault,) = drilled(copied, server)
    assert "checksum" in fault
    # The drill that went badly is on record, and does not count as a good one.
    assert jobs.drills(store)[0].faults == (fault,)


def test_a_copy_cut_short_or_without_its_manifest_is_none(copied):
    _, store, made = copied
    spoil(store, made.copy_name, lambda good: good[:-1])
    assert copies.found(store) == []
    spoil(store, made.copy_name, lambda short: short + b"!")
    assert copies.found(store) == [made]  # its size says nothing of its bytes: that is what verify is for
    store.delete(f"backups/{made.name}.json")
    with pytest.raises(BackupFault, match="no whole copy"):
        copies.choose(store, None)


def test_a_manifest_that_can_not_be_read_is_told(copied):
    _, store, made = copied
    spoil(store, f"backups/{made.name}.json", lambda good: good[: len(good) // 2])
    with pytest.raises(BackupFault, match="no manifest that can be read"):
        copies.found(store)
    # It does not stand before a good one, whose name is known.
    other = made.model_copy(update={"name": "cleanly-20990101T000000Z"})
    spoil(store, made.copy_name, lambda good: good)
    with copies.working_folder() as folder:
        (folder / "manifest").write_text(other.model_dump_json())
        store.put(f"backups/{other.name}.json", folder / "manifest")
        store.fetch(made.copy_name, folder / "dump")
        store.put(other.copy_name, folder / "dump")
    assert copies.choose(store, other.name) == other
    with pytest.raises(BackupFault, match="no whole copy"):
        copies.choose(store, "cleanly-20000101T000000Z")


def test_who_makes_copies_can_not_read_them(database_url: str, server: embedded.EmbeddedServer, tmp_path: pathlib.Path):
    recipient = b64url(sealing.public(b64url_decode(KEY)))
    maker = in_folder(tmp_path, backup_key="", backup_recipient=recipient)
    store = open_store(maker)
    made = copies.create(database_url, store, maker)
    assert not copies.verify(store, made, maker)
    assert "private half is not here" in drilled((maker, store, made), server)[0]
    assert drilled((in_folder(tmp_path), store, made), server) == ()


class Dying(Folder):
    """A place that is gone in the middle: this many writes reach it, the next one is the process's last act."""

    left = 0

    def _live(self) -> None:
        Dying.left -= 1
        if Dying.left < 0:
            raise KeyboardInterrupt

    def put(self, name: str, path: pathlib.Path) -> None:
        self._live()
        super().put(name, path)

    def delete(self, name: str) -> None:
        self._live()
        super().delete(name)


@pytest.mark.parametrize("writes", [0, 1])
def test_whenever_a_run_dies_the_copies_are_whole_ones_and_the_next_run_works(
    database_url: str, tmp_path: pathlib.Path, writes: int
):
    settings = in_folder(tmp_path)
    Dying.left = writes
    with pytest.raises(KeyboardInterrupt):
        copies.create(database_url, Dying(tmp_path), settings)
    store = Folder(tmp_path)
    assert len(store.stored("")) == writes
    assert copies.found(store) == []
    made = copies.create(database_url, store, settings)
    assert copies.found(store) == [made]
    assert copies.verify(store, made, settings)


def test_forgetting_that_dies_half_way_leaves_whole_copies_and_goes_on_the_next_time(
    database_url: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    store, settings = Folder(tmp_path), in_folder(tmp_path)
    made = copies.create(database_url, store, settings)
    monkeypatch.setattr(copies, "KEPT_MIN", 0)
    Dying.left = 1
    later = made.taken_at + timedelta(days=40)
    with pytest.raises(KeyboardInterrupt):
        copies.forget_old(Dying(tmp_path), keep_days=35, now=later)
    assert [one.name for one in store.stored("")] == [made.copy_name]
    assert copies.found(store) == []
    assert copies.forget_old(store, keep_days=35, now=later) == [made.copy_name]


def test_a_drill_that_died_is_not_in_the_next_ones_way(
    database_url: str, server: embedded.EmbeddedServer, tmp_path: pathlib.Path
):
    settings, store = in_folder(tmp_path), Folder(tmp_path)
    made = copies.create(database_url, store, settings)
    server.create(f"drill_{made.name}")
    assert drilled((settings, store, made), server) == ()


def test_a_wrong_key_is_told_and_a_rolled_one_still_opens(copied, tmp_path: pathlib.Path):
    _, store, made = copied
    with pytest.raises(BackupFault, match=made.key):
        copies.verify(store, made, in_folder(tmp_path, backup_key=NEW_KEY))
    assert copies.verify(store, made, in_folder(tmp_path, backup_key=f"{NEW_KEY},{KEY}"))


def test_a_copy_passed_off_as_another_is_told(copied, server: embedded.EmbeddedServer, tmp_path: pathlib.Path):
    settings, store, made = copied
    forged = made.model_copy(update={"name": "cleanly-20990101T000000Z"})
    store.fetch(made.copy_name, tmp_path / "dump")
    store.put(forged.copy_name, tmp_path / "dump")
    with pytest.raises(BackupFault, match="another copy under this name"):
        copies.verify(store, forged, settings)
    assert drilled(copied, server, forged) != ()


def test_rows_sums_or_a_schema_that_are_others_are_told(copied, server: embedded.EmbeddedServer):
    _, _, made = copied
    rows = made.content.rows | {"users": made.content.rows["users"] + 1, "gone": 0}
    other = made.content.model_copy(update={"rows": rows, "revision": "0000_other"})
    faults = drilled(copied, server, made.model_copy(update={"content": other}))
    assert faults == (
        f"the schema is at {migrate.head()}, not at 0000_other",
        "gone has None rows, not 0",
        "users has 0 rows, not 1",
    )


def test_a_dump_that_fails_leaves_no_copy(database_url: str, tmp_path: pathlib.Path):
    broken = tmp_path / "programs"
    broken.mkdir()
    script = broken / "pg_dump"
    script.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99.0" && exit\necho half\nexit 3\n'
    )
    script.chmod(0o755)
    settings = in_folder(tmp_path / "copies", backup_programs=str(broken))
    store = open_store(settings)
    with pytest.raises(BackupFault, match="pg_dump failed"):
        copies.create(database_url, store, settings)
    assert store.stored("") == []


def test_an_older_pg_dump_is_refused_with_what_to_do(database_url: str, tmp_path: pathlib.Path):
    old = tmp_path / "pg_dump"
    old.write_text('#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6"\n')
    old.chmod(0o755)
    with pytest.raises(BackupFault, match="BACKUP_PROGRAMS"):
        copies.create(database_url, Folder(tmp_path), in_folder(tmp_path, backup_programs=str(tmp_path)))


def test_the_program_is_the_servers_own_version_or_the_next(server: embedded.EmbeddedServer):
    with psycopg.connect(server.url("postgres")) as connection:
        major = connection.info.server_version // 10_000
    assert programs._major(programs.find("pg_dump", server_major=major)) == major


def test_a_password_is_in_no_command_line():
    given = programs.environment("postgresql://u:secret@db.example.com:5433/app?sslmode=verify-full")
    assert given == {
        "PGUSER": "u",
        "PGPASSWORD": "secret",
        "PGHOST": "db.example.com",
        "PGPORT": "5433",
        "PGDATABASE": "app",
        "PGSSLMODE": "verify-full",
    }


def test_old_copies_go_and_the_newest_stay(database_url: str, tmp_path: pathlib.Path):
    folder = tmp_path
    store = Folder(folder)
    made = copies.create(database_url, store, in_folder(folder))
    for days in range(1, 8):
        taken_at = made.taken_at - timedelta(days=days)
        older = made.model_copy(update={"name": f"cleanly-{taken_at:%Y%m%dT%H%M%SZ}", "taken_at": taken_at})
        shutil.copyfile(folder / made.copy_name, folder / older.copy_name)
        (folder / f"backups/{older.name}.json").write_text(older.model_dump_json())
    (folder / "backups/cleanly-20000101T000000Z.dump").write_bytes(b"an upload that broke off long ago")
    assert copies.forget_old(store, keep_days=0, now=made.taken_at) == []
    gone = copies.forget_old(store, keep_days=4, now=made.taken_at)
    assert len(gone) == 3 * 2 + 1
    assert len(copies.found(store)) == 5
    copies.forget_old(store, keep_days=1, now=made.taken_at + timedelta(days=90))
    assert len(copies.found(store)) == copies.KEPT_MIN


def test_a_bucket_that_does_not_answer_is_one_line(bucket_settings: BackupSettings, tmp_path: pathlib.Path):
    away = bucket_settings.model_copy(update={"backup_bucket": "nowhere"})
    with pytest.raises(BackupFault, match="NoSuchBucket"):
        Bucket(away, "nowhere").stored("")
    (tmp_path / "file").write_text("x")
    with pytest.raises(BackupFault):
        Bucket(away, "nowhere").put("backups/x", tmp_path / "file")


async def test_the_worker_tells_what_lies_in_the_store(copied, monkeypatch: pytest.MonkeyPatch):
    settings, store, made = copied
    good = Drill(backup=made.name, started_at=NOW(), duration_seconds=7, data_age_seconds=60, faults=())
    later = good.started_at + timedelta(days=1)
    for done in (good, good.model_copy(update={"started_at": later, "duration_seconds": 1, "faults": ("damaged",)})):
        with copies.working_folder() as folder:
            (folder / "drill").write_text(done.model_dump_json())
            store.put(f"drills/{done.started_at:%Y%m%dT%H%M%SZ}.json", folder / "drill")
    told: dict[str, float] = {}
    for name in ("_newest", "_size", "_copies", "_drill", "_duration", "_age"):
        gauge = type("Gauge", (), {"set": lambda _, value, name=name: told.__setitem__(name, value)})()
        monkeypatch.setattr(metrics, name, gauge)
    jobs.look(settings)
    assert told == {
        "_newest": made.taken_at.timestamp(),
        "_size": made.sealed_bytes,
        "_copies": 1,
        # A drill that went badly is no success, however new.
        "_drill": good.started_at.timestamp(),
        "_duration": 7,
        "_age": 60,
    }


def test_the_commands_make_list_verify_drill_and_restore(
    database_url: str, server: embedded.EmbeddedServer, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(running, "set_up_logging", lambda **_: None)
    variables = {"COLUMNS": "200", "DATABASE_URL": database_url, "BACKUP_FOLDER": str(tmp_path), "BACKUP_KEY": KEY}

    def run(*words: str, **more: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["backup", *words], env=variables | more)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    assert run("verify") == (1, "cleanly: there is no whole copy\n")
    exit_code, said = run("create")
    assert exit_code == 0, said
    (name,) = set(re.findall(r"cleanly-\d{8}T\d{6}Z", said))
    assert name in run("list")[1]
    assert "opened and whole" in run("verify")[1]
    assert run("verify", "--max-age-hours", "0")[0] == 1
    assert "BACKUP_RECIPIENT" in run("create", BACKUP_KEY="")[1]
    exit_code, said = run("restore-drill", "--into", server.url("postgres"))
    assert (exit_code, "restored and proven" in said) == (0, True), said
    server.create("restored_for_good")
    try:
        target = server.url("restored_for_good")
        assert run("restore", "--into", target)[0] == 0
        with content.snapshot(target) as connection:
            assert content.read(connection) == copies.choose(Folder(tmp_path), name).content
            known = connection.execute("SELECT tablename FROM pg_stats WHERE schemaname = 'public'").fetchall()
            assert ("alembic_version",) in known, "the planner knows what came back"
        exit_code, said = run("restore", "--into", target)
        assert (exit_code, "not empty" in said) == (1, True)
    finally:
        server.execute("DROP DATABASE restored_for_good WITH (FORCE)")


@pytest.mark.parametrize(
    ("variables", "blamed"),
    [
        ({"backup_key": "short"}, "32 bytes"),
        ({"backup_recipient": KEY[:-1]}, "32 bytes"),
        ({"backup_recipient": KEY, "backup_key": KEY}, "BACKUP_RECIPIENT"),
        ({"backup_bucket": "b"}, "BACKUP_ACCESS_KEY_ID"),
        ({"backup_bucket": "b", "backup_folder": "/f"}, "BACKUP_FOLDER"),
    ],
)
def test_settings_that_make_no_sense_are_refused(variables: dict[str, str], blamed: str):
    with pytest.raises(ValueError, match=blamed):
        BackupSettings.model_validate(variables)
