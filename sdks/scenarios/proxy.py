"""A proxy on loopback between an SDK and the service: it loses, tears, slows, repeats and refuses what passes."""

import asyncio
import contextlib
import json
import socket
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from sdks.scenarios.faults import Rule, Script

PREFIX = "/api/v1"
REFRESH = ("POST", "/auth/refresh")
SEEN_MAX = 20_000
_STALL_SECONDS_MAX = 20.0
_DROPS = 8
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade", "expect"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that reached the proxy: what became of it, never what was in it."""

    method: str
    path: str
    key: str | None
    fault: str
    status: int | None


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0].removeprefix(PREFIX)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def head(self) -> bytes:
        has_body = self.status >= 200 and self.status not in {204, 304}
        length = [("Content-Length", str(len(self.body)))] if has_body else []
        lines = [f"{name}: {value}\r\n" for name, value in (*self.headers, *length)]
        return f"HTTP/1.1 {self.status} {self.reason}\r\n{''.join(lines)}\r\n".encode("latin-1")


@dataclass
class Proxy:
    """`target`: the service's address. `script` may be replaced at any time; it holds for what comes after."""

    target: str
    script: Script = field(default_factory=Script)
    seen: list[Seen] = field(default_factory=list[Seen])
    refreshes_at_once_max: int = 0
    address: str = ""
    _refreshes: int = 0
    _http: aiohttp.ClientSession | None = None
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def start(self, port: int = 0) -> None:
        """Listen on loopback."""
        # A connection of its own for each request: a kept one that has just died would be a fault of ours.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        skipped = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
        self._http = aiohttp.ClientSession(connector=connector, auto_decompress=False, skip_auto_headers=skipped)
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        host, bound = self._server.sockets[0].getsockname()[:2]
        self.address = f"http://{host}:{bound}"

    async def stop(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def reset(self) -> None:
        """As new: no faults, nothing seen."""
        self.script, self.refreshes_at_once_max = Script(), 0
        self.seen.clear()

    def told(self) -> dict[str, Any]:
        """What passed, for the invariants."""
        by_call = Counter(f"{one.method} {one.path}" for one in self.seen)
        keys: dict[str, set[str | None]] = {}
        statuses: dict[str, Counter[str]] = {}
        for one in self.seen:
            call = f"{one.method} {one.path}"
            keys.setdefault(call, set()).add(one.key)
            statuses.setdefault(call, Counter())[str(one.status)] += 1
        return {
            "requests": len(self.seen),
            "byCall": dict(sorted(by_call.items())),
            "keysByCall": {call: len(found - {None}) for call, found in sorted(keys.items())},
            "statusesByCall": {call: dict(found) for call, found in sorted(statuses.items())},
            "refreshesAtOnceMax": self.refreshes_at_once_max,
            "seen": [asdict(one) for one in self.seen[-200:]],
        }

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._open.add(task)
        try:
            while (request := await _read(reader)) is not None and await self._pass(request, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client is gone, which is its right
        finally:
            self._open.discard(task)
            writer.close()

    async def _pass(self, request: _Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request, with its fault. True if the connection goes on."""
        rule = self.script.next(request.method, request.path)
        is_refresh = (request.method, request.path) == REFRESH
        self._refreshes += is_refresh
        self.refreshes_at_once_max = max(self.refreshes_at_once_max, self._refreshes)
        answer: _Answer | None = None
        try:
            answer = await self._fetch(request, rule)
        finally:
            # It ends here, before the client can know: the next may begin the moment that it does.
            self._refreshes -= is_refresh
            status = answer.status if answer else None
            if len(self.seen) < SEEN_MAX:
                key = request.header("idempotency-key")
                self.seen.append(Seen(request.method, request.path, key, rule.fault, status))
        return await _send(answer, rule, reader, writer)

    async def _fetch(self, request: _Request, rule: Rule) -> _Answer | None:
        match rule.fault:
            case "lose_request" | "reset":
                return None
            case "refuse":
                return _refusal(rule)
            case "garble":
                page = b"<html><body>Welcome to Hotel Wi-Fi. Please log in.</body></html>"
                return _Answer(200, "OK", (("Content-Type", "text/html"),), page)
            case "delay":
                await asyncio.sleep(rule.seconds)
            case "duplicate":
                first, _ = await asyncio.gather(self._forward(request), self._forward(request))
                return first
            case _:
                pass
        return await self._forward(request)

    async def _forward(self, request: _Request) -> _Answer | None:
        assert self._http is not None  # noqa: S101
        headers = [(name, value) for name, value in request.headers if name.lower() not in _HOP]
        try:
            async with self._http.request(
                request.method, self.target + request.target, headers=headers, data=request.body or None
            ) as reply:
                kept = tuple((name, value) for name, value in reply.headers.items() if name.lower() not in _HOP)
                return _Answer(reply.status, reply.reason or "", kept, await reply.read())
        except aiohttp.ClientError:
            return None  # the service is down: the client sees its connection die, as it would without us


async def _read(reader: asyncio.StreamReader) -> _Request | None:
    """The next request of a connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = [line.partition(":") for line in lines if line]
    headers = tuple((name, value.strip()) for name, _, value in pairs)
    lower = {name.lower(): value for name, value in headers}
    if "chunked" in lower.get("transfer-encoding", ""):
        return _Request(method, target, headers, await _read_chunks(reader))
    return _Request(method, target, headers, await reader.readexactly(int(lower.get("content-length", "0"))))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    whole = b""
    while size := int((await reader.readline()).partition(b";")[0], 16):
        whole += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass  # trailers
    return whole


async def _send(answer: _Answer | None, rule: Rule, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    if rule.fault in {"reset", "reset_reply"}:
        _reset(writer)
        return False
    # What has no body can't be torn: it is lost whole.
    if answer is None or rule.fault == "lose_reply" or (rule.fault in {"torn", "stall"} and not answer.body):
        return False
    half = len(answer.body) // 2
    match rule.fault:
        case "torn":
            writer.write(answer.head + answer.body[:half])
            await writer.drain()
            return False
        case "stall":
            writer.write(answer.head + answer.body[:half])
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), _STALL_SECONDS_MAX)  # until the client gives up
            return False
        case "slow":
            writer.write(answer.head)
            step = max(1, -(-len(answer.body) // _DROPS))
            for start in range(0, len(answer.body), step):
                await asyncio.sleep(rule.seconds / _DROPS)
                writer.write(answer.body[start : start + step])
                await writer.drain()
        case _:
            writer.write(answer.head + answer.body)
            await writer.drain()
    return True


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the peer gets a RST and no end of stream."""
    made: socket.socket = writer.get_extra_info("socket")
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _refusal(rule: Rule) -> _Answer:
    error: Mapping[str, Any] = {"code": rule.code, "message": "An edge is overloaded", "details": {}}
    headers = [("Content-Type", "application/json"), ("X-Request-ID", "edge-refused-this")]
    if rule.retry_after is not None:
        headers.append(("Retry-After", str(rule.retry_after)))
    return _Answer(rule.status, "Refused", tuple(headers), json.dumps({"error": error}).encode())
