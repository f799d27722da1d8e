"""The protocol's steps, done: once with threads, once with asyncio. The only I/O of this library."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2

from cleanly_client.calls import Answer, Request
from cleanly_client.errors import ClientClosed
from cleanly_client.steps import Acquire, Clear, Load, Lost, Release, Save, Send, Sleep, Step, Steps
from cleanly_client.stores import TokenStore

T = TypeVar("T")
BODY_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. What is left of a call's deadline shortens them."""

    connect: float = 10.0
    read: float = 30.0
    write: float = 30.0

    def within(self, seconds: float) -> httpx2.Timeout:
        """For a request that must be over in so long."""
        connect, read, write = (min(one, seconds) for one in (self.connect, self.read, self.write))
        return httpx2.Timeout(connect=connect, read=read, write=write, pool=connect)


def _answer(reply: httpx2.Response, body: bytes) -> Answer:
    return Answer(reply.status_code, dict(reply.headers), body)


def _lost(error: Exception) -> Lost:
    return Lost(type(error).__name__)


@dataclass
class Threads:
    """Steps that block. `sleep` may be replaced for tests; by default closing the client ends it."""

    http: httpx2.Client
    base_url: str
    store: TokenStore
    timeouts: Timeouts
    sleep: Callable[[float], None] | None = None
    closed: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, steps: Steps[T]) -> T:
        """Do the steps; what the protocol returns."""
        try:
            step = next(steps)
            while True:
                try:
                    given = self._do(step)
                except BaseException as error:  # noqa: BLE001 - the protocol decides, and cleans up after Ctrl-C too
                    step = steps.throw(error)
                else:
                    step = steps.send(given)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def _do(self, step: Step) -> Any:  # noqa: PLR0911 - one for each step
        match step:
            case Send():
                return self._send(step.request, step.seconds)
            case Sleep():
                return self._sleep(step.seconds)
            case Acquire():
                return self._lock.acquire(timeout=min(step.seconds, threading.TIMEOUT_MAX))
            case Release():
                return self._lock.release()
            case Load():
                return self.store.load()
            case Save():
                return self.store.save(step.pair)
            case Clear():
                return self.store.clear()

    def _send(self, request: Request, seconds: float) -> Answer:
        if self.closed.is_set():
            raise ClientClosed("the client is closed")
        ends_at = time.monotonic() + seconds
        body = bytearray()
        try:
            with self.http.stream(
                request.verb,
                self.base_url + request.target,
                headers=dict(request.headers),
                content=request.body,
                timeout=self.timeouts.within(seconds),
            ) as reply:
                for part in reply.iter_bytes():
                    body += part
                    if len(body) > BODY_BYTES_MAX or time.monotonic() > ends_at:
                        raise Lost("too large" if len(body) > BODY_BYTES_MAX else "too slow")
                return _answer(reply, bytes(body))
        except httpx2.RequestError as error:
            raise _lost(error) from error

    def _sleep(self, seconds: float) -> None:
        if self.sleep is not None:
            self.sleep(seconds)
        elif self.closed.wait(seconds):
            raise ClientClosed("the client was closed while a call waited")


@dataclass
class Tasks:
    """Steps that are awaited. A cancelled call leaves the lock free and the store whole."""

    http: httpx2.AsyncClient
    base_url: str
    store: TokenStore
    timeouts: Timeouts
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, steps: Steps[T]) -> T:
        """Do the steps; what the protocol returns."""
        try:
            step = next(steps)
            while True:
                try:
                    given = await self._do(step)
                except BaseException as error:  # noqa: BLE001 - the protocol decides, and cleans up when cancelled too
                    step = steps.throw(error)
                else:
                    step = steps.send(given)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    async def _do(self, step: Step) -> Any:  # noqa: PLR0911
        match step:
            case Send():
                return await self._send(step.request, step.seconds)
            case Sleep():
                return await self.sleep(step.seconds)
            case Acquire():
                return await self._acquire(step.seconds)
            case Release():
                return self._lock.release()
            case Load():
                return await self.stored(self.store.load)
            case Save():
                return await self.stored(self.store.save, step.pair)
            case Clear():
                return await self.stored(self.store.clear)

    async def _acquire(self, seconds: float) -> bool:
        if not self._lock.locked():
            return await self._lock.acquire()  # at once: nobody runs in between
        if seconds <= 0:
            return False
        try:
            async with asyncio.timeout(seconds):
                return await self._lock.acquire()
        except TimeoutError:
            return False

    async def stored(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Use the store, in a thread if it waits for a disk."""
        if not self.store.blocks:
            return work(*arguments)
        task = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])  # a write that has begun is seen to its end
            raise

    async def _send(self, request: Request, seconds: float) -> Answer:
        body = bytearray()
        try:
            async with (
                asyncio.timeout(seconds),
                self.http.stream(
                    request.verb,
                    self.base_url + request.target,
                    headers=dict(request.headers),
                    content=request.body,
                    timeout=self.timeouts.within(seconds),
                ) as reply,
            ):
                async for part in reply.aiter_bytes():
                    body += part
                    if len(body) > BODY_BYTES_MAX:
                        raise Lost("too large")
                return _answer(reply, bytes(body))
        except (httpx2.RequestError, TimeoutError) as error:
            raise _lost(error) from error
