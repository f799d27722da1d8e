"""What a process takes of its machine: memory and the limit on it, processor time; and which version it is."""

import os
import pathlib
import resource
from collections.abc import Iterable
from dataclasses import dataclass

from opentelemetry.metrics import CallbackOptions, Observation

from cleanly.kernel.observe import METER

_CGROUP = pathlib.Path("/sys/fs/cgroup")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_NO_LIMIT = 2**60  # version 1 has no word for it, only a number near 2**63


@dataclass(frozen=True, slots=True)
class _Files:
    """Where the kernel tells a container's memory."""

    used: str
    limit: str
    stat: str
    droppable: str


_VERSIONS = (
    _Files("memory.current", "memory.max", "memory.stat", "inactive_file"),
    _Files("memory/memory.usage_in_bytes", "memory/memory.limit_in_bytes", "memory/memory.stat", "total_inactive_file"),
)


@dataclass(frozen=True, slots=True)
class Container:
    """A container with a limit on its memory."""

    limit_bytes: int
    files: _Files
    root: pathlib.Path

    def used_bytes(self) -> int:
        """What the limit counts, less the files that the kernel can drop at once."""
        stat = dict(line.split() for line in (self.root / self.files.stat).read_text().splitlines())
        return int((self.root / self.files.used).read_text()) - int(stat[self.files.droppable])


def container(root: pathlib.Path = _CGROUP) -> Container | None:
    """The one that this process is in, by control groups of version 2 or 1; None where nothing limits it."""
    for files in _VERSIONS:
        try:
            limit = int((root / files.limit).read_text())
        except (OSError, ValueError):  # not this version, or `max`
            continue
        if limit < _NO_LIMIT:
            return Container(limit, files, root)
    return None


def resident_bytes() -> int:
    """This process's resident memory; its highest one where /proc is missing."""
    try:
        return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(process: str, version: str, *, limit_bytes: int | None) -> None:
    """Declare the figures. `limit_bytes` holds where no container tells its own."""
    told = {"process": process, "version": version}
    around = container()
    limit = around.limit_bytes if around is not None else limit_bytes
    used = around.used_bytes if around is not None else resident_bytes

    def info(_options: CallbackOptions) -> Iterable[Observation]:
        yield Observation(1, told)

    def memory(_options: CallbackOptions) -> Iterable[Observation]:
        yield Observation(used())

    def limited(_options: CallbackOptions) -> Iterable[Observation]:
        return [] if limit is None else [Observation(limit)]

    def resident(_options: CallbackOptions) -> Iterable[Observation]:
        yield Observation(resident_bytes())

    def processor(_options: CallbackOptions) -> Iterable[Observation]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        yield Observation(usage.ru_utime, {"mode": "user"})
        yield Observation(usage.ru_stime, {"mode": "system"})

    METER.create_observable_gauge("service_info", [info], description="1, by process and version")
    METER.create_observable_gauge("service_memory_used", [memory], unit="By", description="Memory that a limit counts")
    METER.create_observable_gauge("service_memory_limit", [limited], unit="By", description="That limit")
    METER.create_observable_gauge("process_resident_memory", [resident], unit="By", description="Of this process")
    METER.create_observable_counter(
        "process_cpu", [processor], unit="s", description="Processor time of this process, by mode"
    )
