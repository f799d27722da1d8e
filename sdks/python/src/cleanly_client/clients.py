"""The two clients: `Cleanly` blocks, `AsyncCleanly` is awaited. All else is the same."""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx2

from cleanly_client.calls import Call, Given
from cleanly_client.drivers import Tasks, Threads, Timeouts
from cleanly_client.exchange import Exchange, Pace
from cleanly_client.hooks import Hook
from cleanly_client.session import Session
from cleanly_client.stores import MemoryStore, TokenStore
from cleanly_client.surface import AsyncSurface, Surface
from cleanly_client.version import VERSION

T = TypeVar("T")
DEADLINE_SECONDS = 60.0
_HEADERS = {"User-Agent": f"cleanly-client-python/{VERSION}", "Accept": "application/json"}
_LIMITS = httpx2.Limits(max_connections=100, max_keepalive_connections=20)


def _checked(base_url: str) -> str:
    """The service's address, without the API's path.

    Raises:
        ValueError: it is none, or tokens would cross a network in the clear.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"no address of a service: {base_url!r}")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ValueError("http is for this machine alone: tokens need https")
    return base_url.rstrip("/").removesuffix("/api/v1")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _session(pace: Pace, hooks: Iterable[Hook], device_name: str | None) -> Session:
    return Session(pace, _HEADERS, device_name, Exchange(pace, tuple(hooks)))


class Cleanly(Surface):
    """A client that blocks. May be used by many threads at once; they share one session.

        with Cleanly("https://api.example.com", store=FileStore("session.json")) as client:
            client.auth.login(email="ada@example.com", password="...")
            print(client.users.get().name)

    `deadline_seconds` bounds a whole call, its retries and waits included. A call that waits is ended by `close()`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        store: TokenStore | None = None,
        device_name: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        timeouts: Timeouts | None = None,
        hooks: Iterable[Hook] = (),
        http: httpx2.Client | None = None,
        pace: Pace | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        """`http`: a client of your own, which stays yours to close. `pace` and `sleep` are for tests.

        Raises:
            ValueError: the address can't be used.
        """
        super().__init__(self)
        address = _checked(base_url)
        used = httpx2.Client(limits=_LIMITS) if http is None else http
        self._own = used if http is None else None
        self._driver = Threads(used, address, store or MemoryStore(), timeouts or Timeouts(), sleep)
        self._session = _session(pace or Pace(), hooks, device_name)
        self._deadline_seconds = deadline_seconds
        self._is_whole = True

    def call(self, call: Call[T], given: Given) -> T:
        """Any call of the contract; the groups' methods are made of this."""
        return self._driver.run(self._session.call(call, given, ends_at=self._ends_at()))

    def renew(self) -> None:
        """Trade the refresh token for a new pair now, which is done by itself when it is time.

        Raises:
            CleanlyError: see `errors`.
        """
        self._driver.run(self._session.renew(ends_at=self._ends_at()))

    def is_signed_in(self) -> bool:
        """Whether the store holds a session. The service is not asked."""
        return self._driver.store.load() is not None

    def within(self, seconds: float) -> "Cleanly":
        """This client with another deadline for each call; session and connections are shared."""
        made = Cleanly.__new__(Cleanly)
        made.__dict__.update(self.__dict__)
        Surface.__init__(made, made)
        made.__dict__.update(_deadline_seconds=seconds, _is_whole=False)
        return made

    def close(self) -> None:
        """End what waits, and the connections. The session stays in its store. Of `within(...)`: nothing."""
        if self._is_whole:
            self._driver.closed.set()
        if self._is_whole and self._own is not None:
            self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ends_at(self) -> float:
        return self._session.pace.monotonic() + self._deadline_seconds


class AsyncCleanly(AsyncSurface):
    """A client that is awaited. May be used by many tasks of one event loop; they share one session.

        async with AsyncCleanly("https://api.example.com", store=FileStore("session.json")) as client:
            await client.auth.login(email="ada@example.com", password="...")
            print((await client.users.get()).name)

    `deadline_seconds` bounds a whole call, its retries and waits included. A cancelled call harms no other.
    """

    def __init__(
        self,
        base_url: str,
        *,
        store: TokenStore | None = None,
        device_name: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        timeouts: Timeouts | None = None,
        hooks: Iterable[Hook] = (),
        http: httpx2.AsyncClient | None = None,
        pace: Pace | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        """`http`: a client of your own, which stays yours to close. `pace` and `sleep` are for tests.

        Raises:
            ValueError: the address can't be used.
        """
        super().__init__(self)
        address = _checked(base_url)
        used = httpx2.AsyncClient(limits=_LIMITS) if http is None else http
        self._own = used if http is None else None
        self._driver = Tasks(used, address, store or MemoryStore(), timeouts or Timeouts())
        if sleep is not None:
            self._driver.sleep = sleep
        self._session = _session(pace or Pace(), hooks, device_name)
        self._deadline_seconds = deadline_seconds
        self._is_whole = True

    async def call(self, call: Call[T], given: Given) -> T:
        """Any call of the contract; the groups' methods are made of this."""
        return await self._driver.run(self._session.call(call, given, ends_at=self._ends_at()))

    async def renew(self) -> None:
        """Trade the refresh token for a new pair now, which is done by itself when it is time.

        Raises:
            CleanlyError: see `errors`.
        """
        await self._driver.run(self._session.renew(ends_at=self._ends_at()))

    async def is_signed_in(self) -> bool:
        """Whether the store holds a session. The service is not asked."""
        return await self._driver.stored(self._driver.store.load) is not None

    def within(self, seconds: float) -> "AsyncCleanly":
        """This client with another deadline for each call; session and connections are shared."""
        made = AsyncCleanly.__new__(AsyncCleanly)
        made.__dict__.update(self.__dict__)
        AsyncSurface.__init__(made, made)
        made.__dict__.update(_deadline_seconds=seconds, _is_whole=False)
        return made

    async def close(self) -> None:
        """End the connections. The session stays in its store. Of `within(...)`: nothing."""
        if self._is_whole and self._own is not None:
            await self._own.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _ends_at(self) -> float:
        return self._session.pace.monotonic() + self._deadline_seconds
