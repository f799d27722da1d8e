"""A real PgBouncer in transaction mode, in front of the tests' server. Debian's 1.18 tracks no prepared statements."""

import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from urllib.parse import parse_qsl, quote, urlsplit

import psycopg
import pytest

from cleanly.entry.embedded import EmbeddedServer

_PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
_START_SECONDS_MAX = 10.0


def is_installed() -> bool:
    """Whether this machine has one."""
    return _PROGRAM is not None


def skip_unless_installed() -> None:
    """Skip the test, and say why, where this machine has no PgBouncer."""
    if not is_installed():
        pytest.skip("no pgbouncer on this machine: apt-get install pgbouncer")


@contextlib.contextmanager
def pooled_url(server: EmbeddedServer, database_url: str, **settings: int) -> Generator[str, None, None]:
    """The address of `database_url`'s database through a pooler of its own, which ends with the block.

    `settings` are PgBouncer's own. Its host is named as pooled hosts are (`...-pooler`), so that our code takes it for
    one; libpq dials `hostaddr`.
    """
    skip_unless_installed()
    database = urlsplit(database_url).path.lstrip("/")
    owner = pwd.getpwuid((server.folder / "PG_VERSION").stat().st_uid)
    with tempfile.TemporaryDirectory(prefix="pgb") as name:
        folder = pathlib.Path(name)
        port = _free_port()
        (folder / "pgbouncer.ini").write_text(_configuration(database_url, port, settings))
        os.chmod(folder, 0o755)  # noqa: PTH101 - the pooler reads it as the server's user
        # It refuses to run as root; as the server's own user it may enter the folder with the server's socket.
        command = [str(_PROGRAM), "-q", str(folder / "pgbouncer.ini")]
        if os.geteuid() == 0:
            command[1:1] = ["-u", owner.pw_name]
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            url = f"postgresql://postgres@test-pooler:{port}/{quote(database)}?hostaddr=127.0.0.1"
            _wait(running, url, folder / "log")
            yield url
        finally:
            running.terminate()
            running.wait(timeout=10)


def _configuration(database_url: str, port: int, settings: Mapping[str, int]) -> str:
    parts = urlsplit(database_url)
    query = dict(parse_qsl(parts.query))
    host = query.get("host") or parts.hostname or "127.0.0.1"
    target = f"host={host} port={query.get('port') or parts.port or 5432} user={parts.username or 'postgres'}"
    if parts.password:
        target += f" password={parts.password}"
    chosen = {"default_pool_size": 4, "max_client_conn": 200} | settings
    lines = "\n".join(f"{name} = {value}" for name, value in chosen.items())
    return f"""
[databases]
* = {target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
{lines}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(running: "subprocess.Popen[bytes]", url: str, log: pathlib.Path) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(url, connect_timeout=2, prepare_threshold=None).close()
        except psycopg.OperationalError:
            if running.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"pgbouncer did not start: {log.read_text()}") from None
            time.sleep(0.05)  # between two tries of a condition with a deadline
        else:
            return
