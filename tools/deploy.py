"""Deploy a commit to Render, look whether it works, and go back if it does not.

    python tools/deploy.py COMMIT [--public-url URL] [--dry-run]

RENDER_API_KEY and RENDER_SERVICES (ids in the order of their deploy, with commas: web first, then the worker, then
the crons) come from the environment. Exit code 0: the commit is live everywhere. 1: it is not; what was live before
is live again, or it is said what a person has to do. The schema never goes back: a migration only adds.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import httpx2
from smoke import smoke

API = "https://api.render.com/v1"
POLL_SECONDS = 10.0
DEPLOY_SECONDS_MAX = 25 * 60.0
TRIES_MAX = 5
GOOD = "live"
FAILED = frozenset({"build_failed", "pre_deploy_failed", "update_failed", "canceled", "deactivated"})


class DeployFault(RuntimeError):
    """One line: what went wrong."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The clock and the pause, handed in so that a test does not wait."""

    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


class Render:
    """The four calls of Render's API that a deploy needs."""

    def __init__(self, client: httpx2.Client, pace: Pace) -> None:
        """The client carries the key and the base address."""
        self._client = client
        self._pace = pace

    def newest_live(self, service: str) -> str | None:
        """The deploy that serves now."""
        found = self._call("GET", f"/services/{service}/deploys", params={"limit": "20", "status": GOOD})
        if not isinstance(found, list):
            raise DeployFault(f"{service}: Render's answer is no list of deploys")
        for item in cast("list[dict[str, Any]]", found):
            deploy = cast("dict[str, Any]", item.get("deploy", item))
            if deploy.get("status") == GOOD:
                return str(deploy["id"])
        return None

    def deploy(self, service: str, commit: str) -> str:
        """Begin; the deploy's id."""
        return self._told("POST", f"/services/{service}/deploys", "id", json={"commitId": commit})

    def roll_back(self, service: str, deploy: str) -> str:
        """Begin to go back to what a deploy made; the new deploy's id."""
        return self._told("POST", f"/services/{service}/rollback", "id", json={"deployId": deploy})

    def wait(self, service: str, deploy: str) -> None:
        """Poll until it is live. One that is given up is canceled, for it must not go live behind what went back.

        Raises:
            DeployFault: it failed, or took more than 25 minutes.
        """
        ends_at = self._pace.now() + DEPLOY_SECONDS_MAX
        while True:
            status = self._told("GET", f"/services/{service}/deploys/{deploy}", "status")
            if status == GOOD:
                return
            if status in FAILED:
                raise DeployFault(f"{service}: {deploy} ended as {status}")
            if self._pace.now() >= ends_at:
                late = f"{service}: {deploy} is still {status} after {DEPLOY_SECONDS_MAX / 60:.0f} min"
                try:
                    self._call("POST", f"/services/{service}/deploys/{deploy}/cancel")
                except DeployFault as error:
                    raise DeployFault(f"{late}; cancel it by hand ({error})") from error
                raise DeployFault(f"{late}; canceled")
            self._pace.pause(POLL_SECONDS)

    def _told(self, method: str, path: str, word: str, **options: Any) -> str:
        """A word of the answer. Render may take a deploy and only queue it (202), without saying which it is."""
        answer = self._call(method, path, **options)
        told = cast("dict[str, Any]", answer).get(word) if isinstance(answer, dict) else None
        if told is None:
            raise DeployFault(f"{method} {path}: an answer without {word}: look what became of it")
        return str(told)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        """Ask again when nobody answered a question, or too many were asked.

        A POST is asked again only where it was surely not done: a deploy begun twice is built twice.
        """
        said = "no answer"
        for attempt in range(TRIES_MAX):
            if attempt:
                self._pace.pause(2.0**attempt)
            try:
                reply = self._client.request(method, path, **options)
            except httpx2.ConnectError:
                continue
            except httpx2.TransportError as error:
                if method != "GET":
                    raise DeployFault(f"{method} {path}: {type(error).__name__}: look whether it was done") from error
                continue
            if reply.is_success:
                try:
                    return reply.json()
                except ValueError:  # 202 has no body; what is no JSON at all is not Render
                    return None
            said = f"{reply.status_code}"
            if reply.status_code != 429 and not (method == "GET" and reply.is_server_error):
                break
        raise DeployFault(f"{method} {path}: {said}")


def deploy(render: Render, services: Sequence[str], commit: str, check: Callable[[], list[str]]) -> list[str]:
    """Bring a commit to all services, in their order; what is wrong, after going back. Empty: it is live.

    Web comes first: it migrates, and it has a probe. A deploy that fails leaves the old code running, so only those
    before it go back, the last first.
    """
    before = {service: render.newest_live(service) for service in services}
    done: list[str] = []
    faults: list[str] = []
    for service in services:
        print(f"{service}: deploying {commit[:12]}", flush=True)
        try:
            render.wait(service, render.deploy(service, commit))
        except DeployFault as error:
            faults = [str(error)]
            break
        done.append(service)
    if not faults:
        faults = check()
    return [*faults, *_go_back(render, done, before)] if faults else []


def _go_back(render: Render, done: Sequence[str], before: dict[str, str | None]) -> list[str]:
    faults: list[str] = []
    for service in reversed(done):
        last = before[service]
        if last is None:
            faults.append(f"{service}: there is nothing to go back to; its first deploy stays")
            continue
        print(f"{service}: going back to {last}", flush=True)
        try:
            render.wait(service, render.roll_back(service, last))
        except DeployFault as error:
            faults.append(f"{error}: go back by hand")
    return faults


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy as the command line says."""
    parser = argparse.ArgumentParser(description="Deploy a commit to Render.")
    parser.add_argument("commit")
    parser.add_argument("--public-url", default=None, help="where the smoke test asks; without it there is none")
    parser.add_argument("--dry-run", action="store_true", help="only say what is live now")
    asked = parser.parse_args(arguments)
    key = os.environ.get("RENDER_API_KEY", "")
    services = [name.strip() for name in os.environ.get("RENDER_SERVICES", "").split(",") if name.strip()]
    # An empty address is a variable that nobody has set: without it nobody would look, and nothing would go back.
    given = (("RENDER_API_KEY", key), ("RENDER_SERVICES", services), ("PUBLIC_URL", asked.public_url != ""))
    missing = [name for name, value in given if not value]
    if missing:
        print(f"not set: {', '.join(missing)}", file=sys.stderr)
        return 1
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    with httpx2.Client(base_url=API, headers=headers, timeout=30) as client:
        render = Render(client, Pace())
        if asked.dry_run:
            print("\n".join(f"{service}: {render.newest_live(service)}" for service in services))
            return 0
        try:
            faults = deploy(render, services, asked.commit, lambda: _look(asked.public_url, asked.commit))
        except DeployFault as error:  # before anything was begun
            faults = [str(error)]
    print("\n".join(faults) or f"{asked.commit[:12]} is live", file=sys.stderr if faults else sys.stdout)
    return 1 if faults else 0


def _look(url: str | None, commit: str) -> list[str]:
    return smoke(url, commit) if url else []


if __name__ == "__main__":
    sys.exit(main())
