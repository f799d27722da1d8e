"""A vendor on a loopback port: requests on record, and faults on order, before the effect or after it."""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from aiohttp import web

from tests.platform.providers.contract import Push

Fault = Literal["429", "500 before", "500 after", "cut before", "cut after", "409", "nonsense"]


@dataclass
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    query: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The vendor says no."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


Interlude = Callable[[], Awaitable[None]]


class Vendor:
    """`address`: where it listens; `pushed`: its webhooks, oldest first. Subclasses route and hold the state."""

    def __init__(self) -> None:
        self.address = ""
        self.calls: list[Call] = []
        self.pushed: list[Push] = []
        self.news = asyncio.Event()  # set whenever something was pushed
        self.faults: deque[tuple[Fault, str]] = deque()
        self.interludes: list[tuple[str, bool, Interlude]] = []
        self.quiet: set[str] = set()  # paths that faults leave alone, as they do every look
        self.numbers = 0

    def next(self, *faults: Fault, on: str = "") -> None:
        """What becomes of the next calls that change something; `on`: a pattern that their path must match."""
        self.faults.extend((fault, on) for fault in faults)

    def before(self, path: str, act: Interlude) -> None:
        """Once, when such a call has arrived and nothing was done yet."""
        self.interludes.append((path, False, act))

    def after(self, path: str, act: Interlude) -> None:
        """Once, when such a call has had its effect and is not yet answered."""
        self.interludes.append((path, True, act))

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def sent(self, method: str, path: str) -> list[Call]:
        return [call for call in self.calls if (call.method, call.path) == (method, path)]

    async def read(self, request: web.Request) -> Any:
        raise AssertionError

    async def answer(self, call: Call) -> Any:
        raise AssertionError

    def approve(self, reference: str) -> None:
        """The buyer agrees."""
        raise AssertionError

    def push(self, body: bytes) -> None:
        self.pushed.append(self.sign(body))
        self.news.set()

    def sign(self, body: bytes) -> Push:
        """A webhook, signed now: a vendor that pushes again signs again."""
        raise AssertionError

    def broken(self, status: int) -> Any:
        raise AssertionError

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.method, request.path, headers, await self.read(request), dict(request.query))
        self.calls.append(call)
        fault = self._fault(call)
        if fault in {"429", "409", "500 before"}:
            status = int(fault.split()[0])
            return self._reply(status, self.broken(status), {"Retry-After": "7"} if status == 429 else {})
        if fault == "cut before":
            return self._cut(request)
        await self._interlude(call, has_happened=False)
        try:
            body, status = await self.answer(call), 200
        except Refusal as refusal:
            body, status = refusal.body, refusal.status
        await self._interlude(call, has_happened=True)
        if fault == "cut after":
            return self._cut(request)
        if fault == "500 after":
            return self._reply(500, self.broken(500))
        if fault == "nonsense":
            return web.Response(status=200, text="<html>")
        return web.Response(status=204) if body is None else self._reply(status, body)

    def _fault(self, call: Call) -> Fault | None:
        if not self.faults or call.method != "POST" or call.path in self.quiet:
            return None
        fault, on = self.faults[0]
        if not re.search(on, call.path):
            return None
        self.faults.popleft()
        return fault

    async def _interlude(self, call: Call, *, has_happened: bool) -> None:
        for one in self.interludes:
            path, is_after, act = one
            if is_after is has_happened and call.method == "POST" and re.search(path, call.path):
                self.interludes.remove(one)
                await act()
                return

    def _reply(self, status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
        return web.Response(
            status=status, text=json.dumps(body), content_type="application/json", headers=headers or {}
        )

    def _cut(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


V = TypeVar("V", bound=Vendor)


@asynccontextmanager
async def listening(vendor: V) -> AsyncGenerator[V, None]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", vendor.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vendor.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield vendor
    finally:
        await runner.cleanup()
