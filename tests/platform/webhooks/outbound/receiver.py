"""A subscriber's server on loopback, as good or as bad as a test wants, that keeps what came.

`async with receiving() as receiver:` then `receiver.behave("/shop", refuses(500), accepts())`: the replies of a path
are used up one by one, the last stays. A path with no reply of its own accepts.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECONDS = 20.0
_REASONS = {200: "OK", 204: "No Content", 302: "Found", 410: "Gone", 429: "Too Many Requests"}
Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Receipt:
    """One request as it came; `headers` by lower-case name. `at_seconds`: the loop's clock when its body was whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at_seconds: float
    connection: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answers(status: int, body: bytes = b"", **headers: str) -> Reply:
    """A whole answer; `Retry_After="7"` becomes that header."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'So')}", *(f"{name}: {value}" for name, value in told.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(head + body)
        await writer.drain()

    return reply


def accepts(body: bytes = b"") -> Reply:
    return answers(200, body)


def refuses(status: int = 500, body: bytes = b"no") -> Reply:
    return answers(status, body)


def is_gone() -> Reply:
    return answers(410, b"gone")


def asks_to_wait(retry_after: str | None, status: int = 429) -> Reply:
    """`retry_after`: seconds or a date, as the header says it; None sends no header."""
    return answers(status, b"slow down", **({} if retry_after is None else {"Retry_After": retry_after}))


def redirects(location: str, status: int = 302) -> Reply:
    return answers(status, b"over there", Location=location)


async def hangs(_writer: asyncio.StreamWriter) -> None:
    """Takes the request and never says a word."""
    await asyncio.Event().wait()


async def breaks_off(writer: asyncio.StreamWriter) -> None:
    """Takes the request and resets the connection."""
    writer.transport.abort()


async def talks_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    await writer.drain()
    writer.close()


def is_huge(body_bytes: int = 64 * 1024 * 1024, status: int = 200, *, announced: bool = True) -> Reply:
    """A body that nobody should read to its end; announced by its length, or in chunks without one."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        length = f"Content-Length: {body_bytes}" if announced else "Transfer-Encoding: chunked"
        writer.write(f"HTTP/1.1 {status} Big\r\n{length}\r\n\r\n".encode())
        piece = b"x" * 65_536
        for _ in range(body_bytes // len(piece)):
            writer.write(piece if announced else b"10000\r\n" + piece + b"\r\n")
            await writer.drain()
        if not announced:
            writer.write(b"0\r\n\r\n")

    return reply


def drips(every_seconds: float = 0.05, status: int = 200) -> Reply:
    """The head, then a byte now and then, for ever: each read succeeds, the whole never ends."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} OK\r\nContent-Length: 1000000\r\n\r\n".encode())
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(every_seconds)  # the pause is the fault that is played

    return reply


def after(gate: asyncio.Event, reply: Reply) -> Reply:
    """That reply, once the gate is open."""

    async def late(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await reply(writer)

    return late


@dataclass
class Receiver:
    """What came, in order, and what is answered."""

    port: int = 0
    receipts: list[Receipt] = field(default_factory=list)
    connections: int = 0
    _replies: dict[str, list[Reply]] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def behave(self, path: str, *replies: Reply) -> None:
        """Answer so from now on: one by one, the last for good."""
        assert replies
        self._replies[path] = list(replies)

    def at(self, path: str) -> list[Receipt]:
        return [receipt for receipt in self.receipts if receipt.path == path]

    def ids(self, path: str | None = None) -> list[str]:
        """The webhook-ids that came, in order, repetitions too."""
        return [receipt.id for receipt in self.receipts if path in {None, receipt.path}]

    async def until(self, count: int, path: str | None = None, *, seconds_max: float = PATIENCE_SECONDS) -> None:
        """Wait for that many requests (repetitions count), or fail."""
        async with asyncio.timeout(seconds_max), self._came:
            await self._came.wait_for(lambda: len(self.receipts if path is None else self.at(path)) >= count)

    async def open(self) -> None:
        """Listen; on the port of before, if there was one."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Go down: the port refuses, open connections break. `open` comes back on the same port."""
        if self._server is None:
            return
        self._server.close()
        for task in self._talks:
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        self.connections += 1
        number = self.connections
        try:
            while not writer.is_closing():
                receipt = await self._read(reader, number)
                self.receipts.append(receipt)
                async with self._came:
                    self._came.notify_all()
                await self._reply_to(receipt.path)(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()

    @staticmethod
    async def _read(reader: asyncio.StreamReader, connection: int) -> Receipt:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Receipt(method, path, headers, body, asyncio.get_running_loop().time(), connection)

    def _reply_to(self, path: str) -> Reply:
        replies = self._replies.get(path)
        if replies is None:
            return accepts()
        return replies.pop(0) if len(replies) > 1 else replies[0]


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver, None]:
    """A receiver that listens; whatever still hangs on it ends with the block."""
    receiver = Receiver()
    await receiver.open()
    try:
        yield receiver
    finally:
        await receiver.close()
