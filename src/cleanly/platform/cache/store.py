"""One Redis or Valkey behind a fuse: each call has a deadline, and a dead server is asked once a second, not by all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

T = TypeVar("T")
Client = Redis

TIMEOUT_SECONDS = 0.2
_PAUSE_SECONDS = 1.0
_LOG_EVERY_SECONDS = 60.0
_CONNECTIONS_MAX = 32

_log = structlog.get_logger(__name__)

# What a server that is down, frozen, loading, full or read-only raises.
FAULTS = (RedisError, OSError, TimeoutError)


class StoreDown(Exception):
    """The store did not answer in time, or is not being asked because it lately didn't."""


class Store:
    """A pooled client with a fuse. `run` is the only way to it, save for subscriptions."""

    def __init__(self, url: str, *, purpose: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """`purpose` names the user of the store in the log. Connects on first use."""
        self._purpose = purpose
        self._timeout_seconds = timeout_seconds
        # One retry, for a connection that the server closed while it lay in the pool; none for a timeout.
        self.client = connect(url, timeout_seconds=timeout_seconds, retries=1, connections_max=_CONNECTIONS_MAX)
        self._is_blown = False
        self._asks_again_at = 0.0
        self._logged_at = -_LOG_EVERY_SECONDS

    async def run(self, call: Callable[[Client], Awaitable[T]]) -> T:
        """Call with a deadline.

        Raises:
            StoreDown: it failed, or failed less than a second ago.
        """
        now = asyncio.get_running_loop().time()
        if self._is_blown:
            if now < self._asks_again_at:
                raise StoreDown(self._purpose)
            # This call is the probe; the others keep passing by until it has returned.
            self._asks_again_at = now + _PAUSE_SECONDS
        try:
            async with asyncio.timeout(self._timeout_seconds):
                result = await call(self.client)
        except FAULTS as error:
            self._blow(error)
            raise StoreDown(self._purpose) from error
        if self._is_blown:
            self._is_blown = False
            _log.info("store.back", purpose=self._purpose)
        return result

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose(close_connection_pool=True)

    def _blow(self, error: BaseException) -> None:
        now = asyncio.get_running_loop().time()
        self._is_blown = True
        self._asks_again_at = now + _PAUSE_SECONDS
        if now - self._logged_at >= _LOG_EVERY_SECONDS:
            self._logged_at = now
            # The error's text may hold the address; its class tells enough.
            _log.warning("store.down", purpose=self._purpose, error=type(error).__name__)


def connect(url: str, *, timeout_seconds: float, retries: int, connections_max: int) -> Client:
    """A client that opens at most so many connections and never waits long."""
    options: dict[str, Any] = {
        "max_connections": connections_max,
        "timeout": timeout_seconds,
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "retry": Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,)),
        # The older protocol: nothing here needs the newer one, and every server speaks it.
        "protocol": 2,
    }
    pool = BlockingConnectionPool.from_url(url, **options)  # pyright: ignore[reportUnknownMemberType]
    return Redis.from_pool(pool)
