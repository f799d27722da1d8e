"""A new version takes over from the old one behind a real proxy, under load: not one call fails."""

import asyncio
import contextlib
import pathlib
import signal
import uuid
from collections import Counter

import httpx2
import pytest

from tests.flows.nginx import Nginx, program
from tests.flows.process import SECONDS_MAX, Postgres, service, until
from tests.waiting import eventually
from tests.world import PASSWORD

CALLERS = 4
pytestmark = pytest.mark.skipif(program() is None, reason="nginx is not installed (Debian and Ubuntu: nginx-light)")


class Crowd:
    """Phones that never rest. What came back is counted; what did not come back as it should is kept."""

    def __init__(self, address: str) -> None:
        # A new connection for each call: a proxy that reads its configuration again may close one that rests.
        limits = httpx2.Limits(max_connections=CALLERS * 2, max_keepalive_connections=0)
        self._client = httpx2.AsyncClient(base_url=f"{address}/api/v1", timeout=SECONDS_MAX, limits=limits)
        self.failures: list[str] = []
        self.versions: Counter[str] = Counter()
        self.calls = 0
        self._is_over = asyncio.Event()

    async def call(self, method: str, path: str, expected: int, **options: object) -> httpx2.Response | None:
        self.calls += 1
        try:
            reply = await self._client.request(method, path, **options)  # type: ignore[arg-type]
        except httpx2.TransportError as error:
            self.failures.append(f"{method} {path}: {type(error).__name__} {error}")
            return None
        if reply.status_code != expected:
            self.failures.append(f"{method} {path}: {reply.status_code} {reply.text[:200]}")
        return reply

    async def live(self) -> None:
        """Register, then read, write and refresh until told to stop: each answer must be the right one."""
        person = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD, "name": "Ada"}
        opened = await self.call("POST", "/auth/register", 201, json=person)
        assert opened is not None
        tokens = opened.json()
        number = 0
        while not self._is_over.is_set() and not self.failures:
            number += 1
            bearer = {"Authorization": f"Bearer {tokens['accessToken']}"}
            health = await self.call("GET", "/health", 200)
            if health is not None:
                self.versions[health.json()["version"]] += 1
            await self.call("PUT", "/users/me", 200, json={"name": f"Ada {number}"}, headers=bearer)
            await self.call("GET", "/users/me", 200, headers=bearer)
            refreshed = await self.call("POST", "/auth/refresh", 200, json={"refreshToken": tokens["refreshToken"]})
            tokens = refreshed.json() if refreshed is not None and refreshed.status_code == 200 else tokens

    async def close(self) -> None:
        await self._client.aclose()

    async def has_met(self, version: str, *, times: int) -> None:
        async def met() -> bool:
            return bool(self.failures) or sum(n for name, n in self.versions.items() if version in name) >= times

        await eventually(met, what=f"{times} answers of {version}")

    def stop(self) -> None:
        self._is_over.set()


async def test_a_new_version_takes_over_without_a_failed_call(postgres: Postgres, folder: pathlib.Path):
    proxy = Nginx(folder / "nginx")
    shared = {"database_url": postgres.url, "drain_seconds": "1"}
    with contextlib.ExitStack() as stack:
        stack.callback(proxy.remove)
        old = stack.enter_context(service(folder / "old", command="serve", render_git_commit="oldoldold", **shared))
        proxy.start([old.port])
        crowd = Crowd(proxy.address)
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(crowd.live())
            await crowd.has_met("oldold", times=CALLERS)
            starting = service(folder / "new", command="serve", render_git_commit="newnewnew", **shared)
            new = await asyncio.to_thread(stack.enter_context, starting)
            # Both answer, as on a platform that has found the new one healthy and not yet ended the old.
            await asyncio.to_thread(proxy.turn_to, [old.port, new.port])
            await crowd.has_met("newnew", times=CALLERS)
            # The signal comes while the proxy still sends calls there; only the probe tells it to turn away.
            old.signal(signal.SIGTERM)
            await asyncio.to_thread(until, lambda: _probe(old.address) == 503, "the probe says no")
            await asyncio.to_thread(proxy.turn_to, [new.port])
            assert await asyncio.to_thread(old.exit_code) == 0
            await crowd.has_met("newnew", times=crowd.versions.total())
            crowd.stop()
        await crowd.close()
    assert crowd.failures == []
    assert crowd.calls > 50
    assert len(crowd.versions) == 2


def _probe(address: str) -> int:
    return httpx2.get(f"{address}/api/v1/health/live").status_code
