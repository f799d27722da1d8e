"""The real service in a process of its own, on a PostgreSQL of its own: to be stopped, frozen, killed, started again.

Whatever a test does to them, the context managers end what they started, by its process id.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2
import psutil
import psycopg

from cleanly.entry import embedded, migrate
from tests.world import CHEAP_HASHES, ROOMY

ROOT = pathlib.Path(__file__).parents[2]
SECONDS_MAX = 60.0


def until(condition: Callable[[], bool], what: str, *, seconds: float = SECONDS_MAX) -> None:
    """Wait for something that another process brings about; never longer than `seconds`."""
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def has_ended(pid: int) -> bool:
    """Gone, or dead and only not yet buried by its parent."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """A server that a test may maltreat. `url` names its one migrated database, and stays the same."""

    def __init__(self, like: embedded.EmbeddedServer, folder: pathlib.Path) -> None:
        """`like`: the tests' shared server, for its programs and the user that it runs as."""
        self.like = like
        self._programs = like.programs
        owner = pwd.getpwuid((like.folder / "PG_VERSION").stat().st_uid)
        # PostgreSQL refuses to run as root.
        self._user = owner.pw_name if os.geteuid() == 0 else None
        self._data = folder / "data"
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="pg"))
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        for place in (folder, self.sockets):
            os.chown(place, owner.pw_uid, owner.pw_gid)
        self.sockets.chmod(0o755)
        self._folder = folder
        self.url = f"postgresql://postgres@/service?host={self.sockets}"

    def make(self) -> None:
        initdb = ["initdb", "--no-sync", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(self._data)]
        subprocess.run(
            [self._programs / initdb[0], *initdb[1:]], check=True, user=self._user, cwd="/", stdout=subprocess.DEVNULL
        )
        self.start()
        with psycopg.connect(self.url.replace("/service?", "/postgres?"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE service")
        migrate.migrate(self.url)

    def start(self) -> None:
        """Start, unless it runs, and wait until it accepts connections."""
        if self._process is not None and self._process.poll() is None:
            return
        command = [self._programs / "postgres", "-D", self._data, "-k", self.sockets, "-h", ""]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, user=self._user, cwd="/", stdout=log, stderr=log, start_new_session=True
            )
        until(self.accepts, "PostgreSQL accepts connections")

    def accepts(self) -> bool:
        try:
            with psycopg.connect(self.url.replace("/service?", "/postgres?")):
                return True
        except psycopg.OperationalError:
            return False

    def stop_at_once(self) -> None:
        """As `pg_ctl stop -m immediate`: connections break, the next start recovers from the log."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(SECONDS_MAX)

    def freeze(self) -> None:
        """Every process of the server stands still: connections stay open, nothing answers."""
        for process in self._family():
            process.suspend()

    def thaw(self) -> None:
        for process in self._family():
            process.resume()

    def remove(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self.stop_at_once()
        for place in (self._folder, self.sockets):
            shutil.rmtree(place, ignore_errors=True)

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        return [postmaster, *postmaster.children(recursive=True)]

    @contextlib.contextmanager
    def without_table(self, name: str) -> Generator[None, None, None]:
        """A fault that no retry mends, until the block ends."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"ALTER TABLE {name} RENAME TO {name}_gone".encode())
            try:
                yield
            finally:
                connection.execute(f"ALTER TABLE {name}_gone RENAME TO {name}".encode())

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return list(connection.execute(statement.encode(), values).fetchall())


@dataclass
class Service:
    """`cleanly dev` (or another command) as a process; starting it again keeps port, settings and log."""

    settings: Mapping[str, str]
    folder: pathlib.Path
    command: str = "dev"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "service.log").read_text()

    def start(self) -> Self:
        """Start, and wait until it takes traffic."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT / "src"),  # the code beside these tests, whichever the environment has installed
            "API_PORT": str(self.port),
            "DRAIN_SECONDS": "0",
            **{name.upper(): str(value) for name, value in (ROOMY | CHEAP_HASHES).items()},
            **self.settings,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [pathlib.Path(sys.executable).with_name("cleanly"), self.command],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._is_live, "the service takes traffic")
        return self

    def _is_live(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log[-3000:]
        try:
            return httpx2.get(f"{self.address}/api/v1/health/live").status_code == 200
        except httpx2.TransportError:
            return False

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def press_ctrl_c(self) -> None:
        """The terminal sends SIGINT to every process of the foreground group."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)

    def exit_code(self) -> int:
        assert self.process is not None
        return self.process.wait(SECONDS_MAX)

    def kill(self) -> None:
        """As the kernel does when memory runs out: no word, no clean-up."""
        self.signal(signal.SIGKILL)
        self.exit_code()

    def client(self, **options: Any) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=200)
        return httpx2.AsyncClient(base_url=f"{self.address}/api/v1", timeout=SECONDS_MAX, limits=limits, **options)

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def service(folder: pathlib.Path, *, command: str = "dev", **settings: str) -> Generator[Service, None, None]:
    """A running service; keyword arguments are settings by their field's name."""
    made = Service({name.upper(): value for name, value in settings.items()}, folder, command)
    try:
        yield made.start()
    finally:
        made.remove()
