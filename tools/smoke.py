"""Ask a running service, from outside, the few things that must hold after a deploy.

python tools/smoke.py URL [COMMIT]
"""

import sys
import time
from collections.abc import Callable
from typing import Any, cast

import httpx2

SECONDS_MAX = 120.0
PAUSE_SECONDS = 3.0


def smoke(
    url: str,
    commit: str = "",
    *,
    client: httpx2.Client | None = None,
    now: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> list[str]:
    """What does not hold, tried again for two minutes: the old instances leave a minute after the new ones came."""
    asking = client or httpx2.Client(timeout=10)
    ends_at = now() + SECONDS_MAX
    while faults := _faults(asking, url.rstrip("/"), commit):
        if now() >= ends_at:
            return faults
        pause(PAUSE_SECONDS)
    return []


def _faults(client: httpx2.Client, url: str, commit: str) -> list[str]:
    faults: list[str] = []

    def ask(path: str, **options: Any) -> httpx2.Response | None:
        try:
            return client.get(f"{url}{path}", **options)
        except httpx2.RequestError as error:
            faults.append(f"GET {path}: {type(error).__name__}")
            return None

    health = ask("/api/v1/health")
    if health is not None:
        if health.status_code != 200:
            faults.append(f"/health answers {health.status_code}")
        elif commit and not _is_of(version := _version(health), commit):
            faults.append(f"version {version} is not of {commit[:12]}")
    ready = ask("/api/v1/health/ready")
    if ready is not None and ready.status_code != 200:
        faults.append(f"/health/ready answers {ready.status_code}")
    private = ask("/api/v1/users/me")
    if private is not None:
        if private.status_code != 401 or '"TOKEN_MISSING"' not in private.text:
            faults.append(f"a private route answers a stranger with {private.status_code}")
        if private.headers.get("cache-control") != "no-store":
            faults.append("a private answer may be kept: no `cache-control: no-store`")
    return faults


def _version(health: httpx2.Response) -> str:
    """What it says; nothing where something between has answered in its place, such as a page of the edge."""
    try:
        told: Any = health.json()
    except ValueError:
        return ""
    return str(cast("dict[str, Any]", told).get("version", "")) if isinstance(told, dict) else ""


def _is_of(version: str, commit: str) -> bool:
    """A version ends in its commit, cut short."""
    tail = version.rpartition("+")[2] or version
    return len(tail) >= 7 and commit.startswith(tail)


if __name__ == "__main__":
    found = smoke(*sys.argv[1:3])
    print("\n".join(found) or "it works")
    sys.exit(1 if found else 0)
