"""Each check passes on a good deployment, fails on a bad one, and cannot tell what it cannot see."""

import asyncio
import pathlib
import ssl
from collections.abc import AsyncGenerator, Generator
from dataclasses import replace
from datetime import timedelta

import boto3
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from cleanly.entry.doctor import asking, running
from cleanly.entry.doctor.asking import Refused
from cleanly.entry.doctor.running import CHECKS, Finding
from cleanly.entry.doctor.verdicts import CannotTell
from tests.entry.doctor.cases import CASES, FAIL, PASS, UNKNOWN, Break
from tests.entry.doctor.estate import NOW, TARGET_DNS, Place, standing
from tests.kernel.certificate import self_signed

# Shown their answers by tests of their own, below: TLS needs a server that speaks it, a lock a bucket that has one.
ELSEWHERE = {"ssl.cert", "backups.access"}


@pytest.fixture
async def place(tmp_path: pathlib.Path) -> AsyncGenerator[Place, None]:
    async with standing(tmp_path) as made:
        yield made


async def ask(place: Place, name: str) -> Finding:
    subject = replace(place.subject, target=TARGET_DNS) if name.startswith("dns.") else place.subject
    report = await running.examine(subject, [check for check in CHECKS if check.id == name])
    return report.findings[0]


async def test_a_good_deployment_passes(place: Place):
    for name in [check.id for check in CHECKS if check.id not in ELSEWHERE]:
        found = await ask(place, name)
        assert (found.id, found.status, found.fix) == (name, PASS, ""), found.observed
        assert found.observed


@pytest.mark.parametrize(
    ("name", "act", "status", "said"),
    [pytest.param(*case, id=f"{case[0]}-{case[2]}-{case[3]}".replace(" ", "-")) for case in CASES],
)
async def test_what_is_broken_is_told(place: Place, name: str, act: Break, status: str, said: str):
    act(place)
    found = await ask(place, name)
    assert (found.status, said in found.observed) == (status, True), found.observed
    assert bool(found.fix) == (status != PASS)


def test_every_check_is_shown_each_of_its_answers():
    shown = {name: {status for case, _, status, _ in CASES if case == name} for name, *_ in CASES}
    missing = [check.id for check in CHECKS if not {FAIL, UNKNOWN} <= shown.get(check.id, set())]
    assert set(missing) == ELSEWHERE


async def _server(context: ssl.SSLContext) -> asyncio.Server:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    return await asyncio.start_server(hang_up, "localhost", 0, ssl=context)


def _as_of_old(context: ssl.SSLContext) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")


@pytest.mark.parametrize(
    ("case", "status", "said"),
    [
        ("good", PASS, "TLS 1.1 is refused"),
        ("nearly over", FAIL, "the certificate ends in 1 days"),
        ("nobody's", FAIL, "self-signed"),
        ("old", FAIL, "TLS 1.1 is spoken"),
        ("away", UNKNOWN, "can't be reached"),
    ],
)
async def test_a_certificate_is_trusted_young_and_spoken_in_todays_tls(
    place: Place, tmp_path: pathlib.Path, case: str, status: str, said: str
):
    theirs, ours = self_signed(tmp_path, "localhost")
    if case == "old":
        _as_of_old(theirs)
    server = await _server(theirs)
    port = server.sockets[0].getsockname()[1]
    if case == "away":
        server.close()
        await server.wait_closed()
    # The test's certificate lasts a day: of three weeks ago it has three weeks left.
    now = NOW if case == "nearly over" else NOW - timedelta(days=21)
    place.change(target=f"https://localhost:{port}", now=now)
    if case != "nobody's":
        place.change(tls=ours)
    found = await ask(place, "ssl.cert")
    server.close()
    assert (found.status, said in found.observed) == (status, True), found.observed


@pytest.fixture(scope="module")
def buckets() -> Generator[str, None, None]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    address = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="i", aws_secret_access_key="s"
    )
    client.create_bucket(Bucket="open")
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    yield address
    server.stop()


@pytest.mark.parametrize(
    ("bucket", "keep_days", "status", "said"),
    [
        ("locked", 35, PASS, "locked against deletion"),
        ("open", 35, FAIL, "BACKUP_KEEP_DAYS has the key delete"),
        ("open", 0, UNKNOWN, "can't be seen without deleting"),
        ("missing", 35, UNKNOWN, "NoSuchBucket"),
    ],
)
async def test_only_a_locked_bucket_is_safe_from_a_key(
    place: Place, buckets: str, bucket: str, keep_days: int, status: str, said: str
):
    place.set(
        backup_bucket=bucket,
        backup_keep_days=keep_days,
        backup_endpoint_url=buckets,
        backup_region="us-east-1",
        backup_access_key_id="CANARY-id",
        backup_secret_access_key="CANARY-secret",
    )
    found = await ask(place, "backups.access")
    assert (found.status, said in found.observed) == (status, True), found.observed
    assert "CANARY" not in found.observed


async def test_a_folder_and_r2_keep_their_locks_to_themselves(place: Place):
    assert (await ask(place, "backups.access")).status == UNKNOWN
    place.set(
        backup_bucket="b",
        backup_endpoint_url="https://a.r2.cloudflarestorage.com",
        backup_access_key_id="i",
        backup_secret_access_key="s",
    )
    found = await ask(place, "backups.access")
    assert (found.status, "R2" in found.fix) == (UNKNOWN, True)


async def test_the_real_database_is_asked_and_compared(place: Place, database_url: str):
    """No fake: our own PostgreSQL, migrated by our own migrations. It has no TLS, which is told as such."""
    place.set(database_url=database_url, direct_database_url=database_url)
    place.change(query=asking.query, drift=asking.schema_drift)
    assert (await ask(place, "neon.connect")).observed.startswith("sslmode=prefer verifies nobody")
    assert (await ask(place, "neon.size")).status == PASS
    schema = await ask(place, "neon.schema")
    assert schema.status == PASS, schema.observed
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE stray (id int)")
        try:
            found = await ask(place, "neon.schema")
        finally:
            connection.execute("DROP TABLE stray")
    assert (found.status, found.observed) == (FAIL, "1 differences between the tables and the models")


async def test_a_database_that_says_no_is_told_from_one_that_is_not_reached(database_url: str):
    with pytest.raises(Refused, match="does not exist"):
        await asking.query(database_url.replace("/t_", "/nothing_"), "SELECT 1")
    with pytest.raises(CannotTell, match="can't be reached"):
        await asking.query("postgresql://u:p@nowhere.invalid/db", "SELECT 1")
    with pytest.raises(Refused, match="read-only"):
        await asking.query(database_url, "CREATE TABLE stray (id int)")


async def test_a_program_that_is_missing_is_no_failure(tmp_path: pathlib.Path):
    with pytest.raises(CannotTell, match="zizmor can't be run"):
        await asking.run([str(tmp_path / "zizmor")], tmp_path)
    ran = await asking.run(["/bin/sh", "-c", "echo said; exit 3"], tmp_path)
    assert (ran.code, ran.output) == (3, "said\n")
