"""A device with the Python SDK, in either colour, on virtual time: what a scenario's steps act upon."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import yaml
from cleanly_client import AsyncCleanly, Cleanly, Event, MemoryStore, Pace, Pair, Timeouts

from sdks.generate.contract import snake
from sdks.generate.reading import SDKS

METHODS: dict[str, str] = yaml.safe_load((SDKS / "surface.yaml").read_text())["operations"]
_TIMEOUTS = Timeouts(connect=5, read=2, write=5)


class Died(Exception):
    """The process died here."""


class MortalStore(MemoryStore):
    """Fails at its next write when it was told to."""

    dies = False

    def save(self, pair: Pair) -> None:
        if self.dies:
            self.dies = False
            raise Died
        super().save(pair)


@dataclass
class Control:
    """The stand's control port."""

    address: str
    http: httpx2.Client

    def get(self, path: str) -> Any:
        return self._told(self.http.get(self.address + path))

    def post(self, path: str, body: Any = None) -> Any:
        return self._told(self.http.post(self.address + path, json=body or {}))

    @staticmethod
    def _told(reply: httpx2.Response) -> Any:
        assert reply.status_code == 200, reply.text
        return reply.json()


@dataclass(frozen=True)
class Stand:
    """Where it listens: the service, the proxy before it, the control port."""

    proxy: str
    service: str
    control: Control


@dataclass
class Device:
    """One installation of an app. `ahead`: how far its clock is from the machine's."""

    stand: Stand
    store: MortalStore = field(default_factory=MortalStore)
    ahead: float = 0.0
    slept: float = 0.0
    passed: float = 0.0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open()

    @property
    def options(self) -> dict[str, Any]:
        pace = Pace(now=lambda: time.time() + self.ahead, monotonic=lambda: time.monotonic() + self.passed)
        hooks = [self.events.append]
        return {"store": self.store, "timeouts": _TIMEOUTS, "pace": pace, "hooks": hooks, "device_name": "Pixel"}

    def open(self) -> None:
        raise NotImplementedError

    async def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        raise NotImplementedError

    async def walk(self, operation: str, arguments: dict[str, Any]) -> list[Any]:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def pass_time(self, seconds: float) -> None:
        """To sleep: both clocks move."""
        self.slept += seconds
        self.passed += seconds
        self.ahead += seconds
        self.stand.control.post("/clock", {"seconds": seconds})

    def method(self, client: Cleanly | AsyncCleanly, operation: str) -> Callable[..., Any]:
        group, _, name = METHODS[operation].partition(".")
        return getattr(getattr(client, group), snake(name))


class BlockingDevice(Device):
    """With `Cleanly`; calls at once are threads."""

    def open(self) -> None:
        self.client = Cleanly(self.stand.proxy, sleep=self.pass_time, **self.options)

    async def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        return await asyncio.to_thread(self.method(self.client, operation), **arguments)

    async def walk(self, operation: str, arguments: dict[str, Any]) -> list[Any]:
        return await asyncio.to_thread(lambda: list(self.method(self.client, operation)(**arguments)))

    async def close(self) -> None:
        self.client.close()


class AwaitingDevice(Device):
    """With `AsyncCleanly`; calls at once are tasks."""

    def open(self) -> None:
        self.client = AsyncCleanly(self.stand.proxy, sleep=self._sleep, **self.options)

    async def _sleep(self, seconds: float) -> None:
        await asyncio.to_thread(self.pass_time, seconds)

    async def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        made: Awaitable[Any] = self.method(self.client, operation)(**arguments)
        return await made

    async def walk(self, operation: str, arguments: dict[str, Any]) -> list[Any]:
        return [item async for item in self.method(self.client, operation)(**arguments)]

    async def close(self) -> None:
        await self.client.close()
