"""This machine as the bench uses it: one core for what is measured, the others for who asks; processes by their pid."""

import contextlib
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Cores:
    """Which core serves and which ones ask. On a machine with one core both are the same, and the result says so."""

    serving: str
    asking: str

    @classmethod
    def of_this_machine(cls) -> "Cores":
        """The first core serves, the rest ask."""
        found = sorted(os.sched_getaffinity(0))
        return cls(str(found[0]), ",".join(map(str, found[1:] or found)))


def on(cores: str, *command: str | pathlib.Path) -> list[str]:
    """The command, held to these cores."""
    return ["taskset", "-c", cores, *map(str, command)]


@contextlib.contextmanager
def process(command: list[str], environment: dict[str, str], log: pathlib.Path) -> Generator[int, None, None]:
    """A process of ours, ended by its pid."""
    with (
        log.open("wb") as out,
        subprocess.Popen(command, env={**os.environ, **environment}, stdout=out, stderr=subprocess.STDOUT) as running,
    ):
        try:
            yield running.pid
        finally:
            running.terminate()
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its threads have used (proc(5), utime and stime)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def move(pid: int, cores: str) -> None:
    """Hold a running process and its children (a postmaster's backends) to these cores."""
    wanted = {int(core) for core in cores.split(",")}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if int(path.name) == pid or parent == pid:
                os.sched_setaffinity(int(path.name), wanted)


def wait_until_answers(url: str, seconds: float = 60) -> float:
    """Poll until the service answers 2xx; returns how long it took."""
    began = time.monotonic()
    while True:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(url, timeout=2) as reply,
        ):
            if reply.status < 300:
                return time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise SystemExit(f"no answer from {url} within {seconds:.0f} s")
        time.sleep(0.02)


def wait_for_port(port: int, seconds: float = 30) -> None:
    """Poll until somebody listens on this port of loopback."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"nobody listens on port {port}")
        time.sleep(0.02)
