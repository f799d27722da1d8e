"""Neon branches: a pull request's, with the schema and no rows; and a past moment of production's, to rehearse with.

    python tools/neon_branch.py create NAME -- COMMAND...     kept for COMMANDs to come; gone by itself after a week
    python tools/neon_branch.py delete NAME
    python tools/neon_branch.py past MINUTES -- COMMAND...    as it was so long ago; deleted when COMMAND has ended

COMMAND runs with DATABASE_URL and DIRECT_DATABASE_URL of the branch, and its exit code is the tool's.
NEON_API_KEY and NEON_PROJECT_ID come from the environment. Addresses are handed to the command, never printed. No
foreign action sees the key.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx2

API = "https://console.neon.tech/api/v2"
LIFE_DAYS = 7
READY_SECONDS_MAX = 120.0
PAUSE_SECONDS = 2.0


class NeonFault(RuntimeError):
    """One line: what went wrong."""


class Neon:
    """The calls of Neon's API that a branch needs."""

    def __init__(
        self,
        client: httpx2.Client,
        project: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """The client carries the key and the base address."""
        self._client = client
        self._root = f"/projects/{project}"
        self._now = now
        self._pause = pause

    def create(self, name: str) -> dict[str, str]:
        """Make the branch, or find it, wait for its compute, and tell both addresses as variables."""
        branch = self._find(name)
        if branch is None:
            branch = self._make({"name": name, "init_source": "schema-only"}, timedelta(days=LIFE_DAYS))
        return self._addresses(branch)

    @contextmanager
    def past(self, minutes: int) -> Generator[dict[str, str], None, None]:
        """The default branch as it was so long ago, for the block only: both addresses as variables."""
        name = f"rehearsal-{self._now():%Y%m%d-%H%M%S}"
        moment = _rfc3339(self._now() - timedelta(minutes=minutes))
        branch = self._make({"name": name, "parent_timestamp": moment}, timedelta(days=1))
        try:
            yield self._addresses(branch)
        finally:
            self._call("DELETE", f"/branches/{branch}")

    def _make(self, wanted: dict[str, str], life: timedelta) -> str:
        branch = wanted | {"expires_at": _rfc3339(self._now() + life)}
        # Without an endpoint in the request the branch has no compute, and nobody could connect.
        made = self._call("POST", "/branches", json={"branch": branch, "endpoints": [{"type": "read_write"}]})
        return str(made["branch"]["id"])

    def _addresses(self, branch: str) -> dict[str, str]:
        self._wait(branch)
        database = self._call("GET", f"/branches/{branch}/databases")["databases"][0]
        asked = {"branch_id": branch, "database_name": database["name"], "role_name": database["owner_name"]}
        return {
            variable: str(self._call("GET", "/connection_uri", params=asked | {"pooled": pooled})["uri"])
            for variable, pooled in (("DATABASE_URL", "true"), ("DIRECT_DATABASE_URL", "false"))
        }

    def delete(self, name: str) -> bool:
        """Delete the branch; False if there is none."""
        branch = self._find(name)
        if branch is None:
            return False
        self._call("DELETE", f"/branches/{branch}")
        return True

    def _find(self, name: str) -> str | None:
        found = self._call("GET", "/branches", params={"search": name})["branches"]
        for branch in cast("list[dict[str, Any]]", found):
            if branch["name"] == name:
                # A pull request can name its branch; it must not be able to name production's.
                if branch.get("default") or branch.get("protected"):
                    raise NeonFault(f"{name} is the default branch or a protected one")
                return str(branch["id"])
        return None

    def _wait(self, branch: str) -> None:
        waited = 0.0
        while str(self._call("GET", f"/branches/{branch}")["branch"]["current_state"]) != "ready":
            if waited >= READY_SECONDS_MAX:
                raise NeonFault(f"{branch} is not ready after {READY_SECONDS_MAX:.0f} s")
            waited += PAUSE_SECONDS
            self._pause(PAUSE_SECONDS)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            reply = self._client.request(method, f"{self._root}{path}", **options)
        except httpx2.TransportError as error:
            raise NeonFault(f"{method} {path}: {type(error).__name__}") from error
        if not reply.is_success:
            raise NeonFault(f"{method} {path}: {reply.status_code}")
        return reply.json() if reply.content else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do as the command line says."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    key, project = (os.environ.get(name, "") for name in ("NEON_API_KEY", "NEON_PROJECT_ID"))
    if not key or not project:
        print("not set: NEON_API_KEY, NEON_PROJECT_ID", file=sys.stderr)
        return 1
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    with httpx2.Client(base_url=API, headers=headers, timeout=30) as client:
        return act(Neon(client, project), words)


def act(neon: Neon, words: Sequence[str]) -> int:
    """Make a branch and run a command on it, or delete one."""
    try:
        match words:
            case ["create", name, "--", *command] if command:
                return _run(command, neon.create(name))
            case ["past", minutes, "--", *command] if command and minutes.isdecimal():
                with neon.past(int(minutes)) as given:
                    return _run(command, given)
            case ["delete", name]:
                print(f"{name}: {'deleted' if neon.delete(name) else 'there is none'}")
                return 0
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except NeonFault as error:
        print(error, file=sys.stderr)
        return 1


def _run(command: Sequence[str], given: dict[str, str]) -> int:
    # The key is not the command's business: it runs the pull request's own code.
    passed = {word: value for word, value in os.environ.items() if word != "NEON_API_KEY"}
    return subprocess.run(command, env=passed | given, check=False).returncode


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    sys.exit(main())
