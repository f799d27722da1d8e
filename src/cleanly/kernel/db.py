"""The database door. Only this file commits."""

import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

import psycopg
import structlog
from sqlalchemy import MetaData, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from cleanly.kernel.dberrors import refuse, refusing
from cleanly.kernel.dbwatch import WatchedPool, count_read
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.lane import Lane
from cleanly.kernel.pgconn import DatabaseUrl, Patience, PatientConnection, connector, ear
from cleanly.kernel.recency import Noticeboard, Writers

_log = structlog.get_logger(__name__)
_NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
_AFTER_COMMIT = "cleanly.after_commit"
_USED_AT = "cleanly.used_at"
_IDLE_SECONDS = 1.0
# A replica that did not answer is left alone for so long: one caller finds out that it is back, not all.
_REPLICA_RESTS_SECONDS = 2.0


class Base(DeclarativeBase):
    """Every table's base; constraint names by convention."""

    metadata = MetaData(naming_convention=_NAMES)


def after_commit(session: AsyncSession, action: Callable[[], Awaitable[None]]) -> None:
    """Run `action` once this transaction has committed (and never if it has not): cache invalidation, hints.

    A failing action is logged and does not undo the commit, so nothing that must happen may stand here:
    that is a job.
    """
    session.info.setdefault(_AFTER_COMMIT, []).append(action)


def _ping_the_idle(engine: AsyncEngine) -> None:
    """Ping a pooled connection before use if it was idle for a second: a sleeping compute drops sockets unheard.

    One in steady use is pinged only if something has come that nobody asked for, such as the server's farewell: the
    round trip would cost as much as a small transaction's own.
    """

    def used(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info[_USED_AT] = time.monotonic()

    def check(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        is_fresh = time.monotonic() - record.info.get(_USED_AT, float("inf")) < _IDLE_SECONDS
        try:
            if is_fresh and not ear(cast("PatientConnection", record.driver_connection)).poll(0):
                return
            engine.sync_engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise DisconnectionError from error

    event.listen(engine.sync_engine, "connect", used)
    event.listen(engine.sync_engine, "checkin", used)
    event.listen(engine.sync_engine, "checkout", check)


class _Alone:
    """One use of the lane, as a class because it is entered at every login and refresh."""

    __slots__ = ("_lane", "_patience", "_seat")

    def __init__(self, lane: Lane, patience: Patience) -> None:
        self._lane = lane
        self._patience = patience

    async def __aenter__(self) -> PatientConnection:
        self._patience.__enter__()
        try:
            self._seat = await self._lane.take()
        except BaseException as error:
            self._patience.__exit__()
            refuse(error)
            raise
        return self._seat.connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._patience.__exit__()
        if error is None:
            self._lane.give_back(self._seat)
        else:
            self._lane.discard(self._seat)
            refuse(error)


async def driver_of(session: AsyncSession) -> PatientConnection:
    """The driver's own connection within a session's transaction, for statements that run alone elsewhere."""
    connection = await (await session.connection()).get_raw_connection()
    return cast("PatientConnection", connection.driver_connection)


class Database:
    """Opens transactions. Holding one means: you decide where a transaction begins and ends.

    `deadline_seconds` bounds every wait for the server on the client's side, so that a frozen database is an answer
    within seconds, not a hanging phone. The `lane_size` connections of `alone` come on top of the pool's.
    """

    def __init__(
        self,
        url: str,
        *,
        read_url: str | None = None,
        pool_size: int = 10,
        pool_overflow: int = 0,
        lane_size: int = 3,
        deadline_seconds: float = 4.0,
        name: str = "cleanly",
        board: Noticeboard | None = None,
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._name = name
        self._sizes = (pool_size, pool_overflow)
        self.engine = self._open(url)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        connect = connector(DatabaseUrl.parse(url), application_name=name, autocommit=True)
        self._lane = Lane(connect, size=lane_size)
        # The engine's pool: only how a connection is used differs.
        alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._looks = async_sessionmaker(alone, expire_on_commit=False)
        self._writers = Writers(board)
        self._replica_rests_until = float("-inf")
        self._replica = self._open(read_url) if read_url else None
        self._replica_sessions = async_sessionmaker(self._replica, expire_on_commit=False) if self._replica else None

    def _open(self, url: str) -> AsyncEngine:
        where = DatabaseUrl.parse(url)
        size, overflow = self._sizes
        engine = create_async_engine(
            "postgresql+psycopg://",
            async_creator=connector(where, application_name=self._name),
            poolclass=WatchedPool,
            pool_size=size,
            max_overflow=overflow,
            pool_timeout=self._deadline_seconds,
            hide_parameters=True,  # an error's text goes to the log, and parameters are personal
            pool_recycle=120,
            pool_use_lifo=True,
        )
        _ping_the_idle(engine)
        return engine

    @asynccontextmanager
    async def begin(self, *, deadline_seconds: float | None = None) -> AsyncGenerator[AsyncSession, None]:
        """Commit when the block ends well, roll back when it raises.

        Raises:
            Unavailable: the database is down, waking, frozen or full. When it happens in the commit itself the
                outcome is unknown: the caller's idempotency key tells.
        """
        async with self._transaction(self._sessions, deadline_seconds) as session:
            yield session
        if self._replica is not None:
            await self._writers.note()
        for action in session.info.pop(_AFTER_COMMIT, ()):
            try:
                await action()
            except Exception:  # noqa: BLE001 - of any kind: the work is committed, its caller must hear so
                _log.exception("after_commit_failed")

    @asynccontextmanager
    async def look(self, *, deadline_seconds: float | None = None) -> AsyncGenerator[AsyncSession, None]:
        """One or two quick reads on the primary that need no common snapshot: no BEGIN, no COMMIT, no writing.

        Raises:
            Unavailable: as `begin`.
        """
        async with self._transaction(self._looks, deadline_seconds) as session:
            yield session

    def alone(self, *, deadline_seconds: float | None = None) -> AbstractAsyncContextManager[PatientConnection]:
        """The driver's own connection, for a single statement that is its whole transaction.

        For the few hottest statements: one round trip in place of three, and nothing between them and the driver.

        Raises:
            Unavailable: as `begin`; whether the statement took effect is then unknown.
        """
        return _Alone(self._lane, Patience(deadline_seconds or self._deadline_seconds))

    @asynccontextmanager
    async def read(self, *, deadline_seconds: float | None = None) -> AsyncGenerator[AsyncSession, None]:
        """A read-only look for lists, exports and reports that can bear a second's lag.

        On the replica if there is one, it answers, and the caller has written nothing for five seconds; else on the
        primary. Never for what decides (gate, limits).

        Raises:
            Unavailable: as `begin`.
        """
        async with contextlib.AsyncExitStack() as stack:
            session = await self._on_replica(stack, deadline_seconds)
            if session is None:
                session = await stack.enter_async_context(self._reading(self._sessions, deadline_seconds))
            yield session

    async def _on_replica(
        self, stack: contextlib.AsyncExitStack, deadline_seconds: float | None
    ) -> AsyncSession | None:
        """A transaction there, or None for the reasons that the counter tells apart."""
        if self._replica is None or self._replica_sessions is None:
            return None
        if await self._writers.include_the_caller():
            count_read("caller_wrote")
            return None
        if time.monotonic() < self._replica_rests_until:
            count_read("replica_down")
            return None
        try:
            with refusing(), Patience(min(1.0, self._deadline_seconds)):
                async with self._replica.connect():  # a host that swallows everything costs a second, not the deadline
                    pass
            session = await stack.enter_async_context(self._reading(self._replica_sessions, deadline_seconds))
        except Unavailable as error:
            self._replica_rests_until = time.monotonic() + _REPLICA_RESTS_SECONDS
            _log.warning("replica_unavailable", error=type(error.__cause__).__name__)
            count_read("replica_down")
            return None
        count_read("replica")
        return session

    @asynccontextmanager
    async def _reading(
        self, sessions: async_sessionmaker[AsyncSession], deadline_seconds: float | None
    ) -> AsyncGenerator[AsyncSession, None]:
        async with self._transaction(sessions, deadline_seconds) as session:
            connection = await session.connection()
            await connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield session

    @asynccontextmanager
    async def _transaction(
        self, sessions: async_sessionmaker[AsyncSession], deadline_seconds: float | None
    ) -> AsyncGenerator[AsyncSession, None]:
        with refusing(), Patience(deadline_seconds or self._deadline_seconds):
            async with sessions.begin() as session:
                yield session

    async def ping(self, *, deadline_seconds: float = 2.0) -> None:
        """One round trip.

        Raises:
            Unavailable: no answer in time.
        """
        async with self.begin(deadline_seconds=deadline_seconds) as session:
            connection = await session.connection()
            await connection.exec_driver_sql("SELECT 1")

    async def close(self) -> None:
        """Close every pooled connection."""
        self._lane.close()
        for engine in (self.engine, self._replica):
            if engine is not None:
                with contextlib.suppress(DBAPIError, psycopg.Error):  # a dead socket is as closed as can be
                    await engine.dispose()
