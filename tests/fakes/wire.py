"""A vendor on a loopback port: requests on record, and faults on order, before the effect or after it."""

import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from aiohttp import web

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


class Vendor:
    """`address`: where it listens. Subclasses route and hold the state."""

    def __init__(self) -> None:
        self.address = ""
        self.calls: list[Call] = []
        self.faults: deque[Fault] = deque()
        self.quiet: set[str] = set()  # paths that faults leave alone, as they do every look
        self.numbers = 0

    def next(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def sent(self, method: str, path: str) -> list[Call]:
        return [call for call in self.calls if (call.method, call.path) == (method, path)]

    async def read(self, request: web.Request) -> Any:
        raise AssertionError

    async def answer(self, call: Call) -> Any:
        raise AssertionError

    def broken(self, status: int) -> Any:
        raise AssertionError

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.method, request.path, headers, await self.read(request), dict(request.query))
        self.calls.append(call)
        fault = (
            self.faults.popleft()
            if self.faults and request.method == "POST" and request.path not in self.quiet
            else None
        )
        if fault in {"429", "409", "500 before"}:
            status = int(fault.split()[0])
            return self._reply(status, self.broken(status), {"Retry-After": "7"} if status == 429 else {})
        if fault == "cut before":
            return self._cut(request)
        try:
            body, status = await self.answer(call), 200
        except Refusal as refusal:
            body, status = refusal.body, refusal.status
        if fault == "cut after":
            return self._cut(request)
        if fault == "500 after":
            return self._reply(500, self.broken(500))
        if fault == "nonsense":
            return web.Response(status=200, text="<html>")
        return web.Response(status=204) if body is None else self._reply(status, body)

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
