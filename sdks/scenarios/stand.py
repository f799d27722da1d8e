"""The stand: a database, the service in a process of its own, the proxy before it, a control port to steer them."""

import asyncio
import json
import os
import pathlib
import socket
import sys
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psycopg
from aiohttp import web

from sdks.scenarios.faults import BadScript, Script
from sdks.scenarios.proxy import PREFIX, Proxy

ROOT = pathlib.Path(__file__).parents[2]
_START_SECONDS_MAX = 60.0
# What may happen once only, counted where it happens.
_EFFECTS = """
SELECT (SELECT count(*) FROM users) AS "users",
       (SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL) AS "liveSessions",
       (SELECT count(*) FROM refresh_tokens) AS "sessions",
       (SELECT count(*) FROM products) AS "products",
       (SELECT count(*) FROM payments) AS "payments",
       (SELECT count(*) FROM sandbox_objects WHERE kind = 'payment') AS "charges",
       (SELECT count(*) FROM refunds) AS "refunds",
       (SELECT count(*) FROM audit_events WHERE action = 'session.reuse_detected') AS "reuses",
       (SELECT count(*) FROM ledger_drift) + (SELECT count(*) FROM ledger_faults) AS "unsoundBooks"
"""


class NotStarted(RuntimeError):
    """The service did not come up; its last words."""


def free_port() -> int:
    """A port on loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """The service's process: started, killed and started again on the same port and database."""

    database_url: str
    port: int = field(default_factory=free_port)
    ahead_seconds: float = 0.0
    _process: asyncio.subprocess.Process | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and wait until it takes traffic.

        Raises:
            NotStarted: it ended, or took longer than a minute.
        """
        words = [self.database_url, str(self.port), str(self.ahead_seconds)]
        pipe = asyncio.subprocess.PIPE
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sdks.scenarios.service", *words), cwd=ROOT, env=kept, stdin=pipe, stdout=pipe
        )
        async with aiohttp.ClientSession() as http, asyncio.timeout(_START_SECONDS_MAX):
            while not await self._is_live(http):
                if self._process.returncode is not None:
                    raise NotStarted("the service ended; see its output above")
                await asyncio.sleep(0.05)

    async def _is_live(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.address}{PREFIX}/health/live") as reply:
                return reply.status == 200
        except aiohttp.ClientError:
            return False

    async def advance(self, seconds: float) -> float:
        """Move its clock; returns how far it is ahead by now."""
        async with self._one_at_a_time:
            process = self._process
            assert process is not None  # noqa: S101
            assert process.stdin is not None  # noqa: S101
            assert process.stdout is not None  # noqa: S101
            process.stdin.write(json.dumps({"advance": seconds}).encode() + b"\n")
            await process.stdin.drain()
            self.ahead_seconds = float(json.loads(await process.stdout.readline())["ahead"])
            return self.ahead_seconds

    async def kill(self) -> None:
        """As a machine that loses its power."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def restart(self) -> None:
        """Kill it and start it again."""
        async with self._one_at_a_time:
            await self.kill()
            await self.start()


@dataclass
class Stand:
    """Everything together, steered over HTTP (see README.md)."""

    database_url: str
    service: Service = field(init=False)
    proxy: Proxy = field(init=False)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    control: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Start the service, the proxy, the control port."""
        self.service = Service(self.database_url)
        self.proxy = Proxy(self.service.address)
        await self.service.start()
        await self.proxy.start()
        app = web.Application()
        app.add_routes(
            [
                web.post("/script", self._script),
                web.post("/reset", self._reset),
                web.get("/seen", self._seen),
                web.get("/effects", self._effects),
                web.post("/clock", self._clock),
                web.post("/restart", self._restart),
                web.post("/stop", self._stop),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        port = free_port()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.control = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        """End what was started."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self.proxy.stop()
        await self.service.kill()

    async def _script(self, request: web.Request) -> web.Response:
        try:
            self.proxy.script = Script.of(await request.json())
        except BadScript as error:
            return web.json_response({"fault": str(error)}, status=400)
        return web.json_response({})

    async def _reset(self, _request: web.Request) -> web.Response:
        self.proxy.reset()
        return web.json_response({})

    async def _seen(self, _request: web.Request) -> web.Response:
        return web.json_response(self.proxy.told())

    async def _effects(self, _request: web.Request) -> web.Response:
        def look() -> dict[str, Any]:
            with psycopg.connect(self.database_url) as connection:
                cursor = connection.execute(_EFFECTS)
                row = cursor.fetchone()
                assert row is not None  # noqa: S101
                return {column.name: value for column, value in zip(cursor.description or (), row, strict=True)}

        return web.json_response(await asyncio.to_thread(look))

    async def _clock(self, request: web.Request) -> web.Response:
        seconds = float((await request.json())["seconds"])
        return web.json_response({"ahead": await self.service.advance(seconds)})

    async def _restart(self, _request: web.Request) -> web.Response:
        await self.service.restart()
        return web.json_response({})

    async def _stop(self, _request: web.Request) -> web.Response:
        self.ended.set()
        return web.json_response({})
