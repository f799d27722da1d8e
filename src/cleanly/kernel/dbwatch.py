"""What operators see of the database: statements by name, waits for a connection, errors by class."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from time import perf_counter
from typing import Any, Literal, Protocol
from weakref import WeakSet

import psycopg
from opentelemetry.metrics import CallbackOptions, Observation
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import AsyncAdaptedQueuePool

from cleanly.kernel import tracing
from cleanly.kernel.observe import METER
from cleanly.kernel.tally import STATEMENT_SECONDS, Tally

ErrorClass = Literal["connect", "pool_timeout", "08", "40", "53", "57P", "other"]
_TARGETS_MAX = 3
_NAMES_MAX = 400
_VERB = re.compile(r"\s*(?:--[^\n]*\n\s*)*([a-z]+)", re.IGNORECASE)
# What a statement is about: its tables in their order, or the function that it calls.
_TARGET = re.compile(r"(?<!DISTINCT )\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:ONLY\s+)?\"?([a-z_][a-z0-9_]*)", re.IGNORECASE)
_CALL = re.compile(r"\bSELECT\s+([a-z_][a-z0-9_]*)\(", re.IGNORECASE)
_ALIAS = re.compile(r"\b([a-z_][a-z0-9_]*)\s+AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?\(", re.IGNORECASE)
_NO_TABLE = frozenset({"set", "select", "of", "lateral", "unnest", "skip", "nowait", "now"})

STATEMENTS = Tally(
    "db_client_operation_duration_seconds",
    "One statement as its caller waits for it, by name: its verb and its first tables",
    ("query",),
    STATEMENT_SECONDS,
)
WAITS = Tally(
    "db_client_connection_wait_time_seconds",
    "How long a transaction waited for a connection: from the pool, or until one was opened",
    (),
    STATEMENT_SECONDS,
)
_errors: dict[ErrorClass, int] = dict.fromkeys(("connect", "pool_timeout", "08", "40", "53", "57P", "other"), 0)
# Where reads that a replica may serve went; `primary` reads where none is configured are not counted.
ReadPlace = Literal["replica", "caller_wrote", "replica_down"]
_reads: dict[ReadPlace, int] = dict.fromkeys(("replica", "caller_wrote", "replica_down"), 0)
_pools: WeakSet["Watched"] = WeakSet()
_names: set[str] = set()


@lru_cache(maxsize=4096)
def name_of(statement: str) -> str:
    """A statement's name, such as `select users` or `with delete job_receipts procrastinate_jobs`."""
    verb = found[1].lower() if (found := _VERB.match(statement)) is not None else "other"
    own = {alias.lower() for alias in _ALIAS.findall(statement)} if verb == "with" else set[str]()
    tables = dict.fromkeys(target.lower() for target in _TARGET.findall(statement))
    targets = [table for table in tables if table not in own and table not in _NO_TABLE][:_TARGETS_MAX]
    if not targets and (call := _CALL.search(statement)) is not None:
        targets = [call[1].lower()]
    name = " ".join((verb, *targets))
    if name not in _names and len(_names) >= _NAMES_MAX:
        return "other"
    _names.add(name)
    return name


class WatchedCursor(psycopg.AsyncCursor[Any]):
    """Every statement of ours passes here, SQLAlchemy's and those that go straight to the driver."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Execute, and note how long it took."""
        told: object = query
        name = name_of(told if isinstance(told, str) else "other")
        began = perf_counter()
        try:
            if tracing.TRACES.on:
                with tracing.span(name):
                    return await super().execute(query, params, **options)
            return await super().execute(query, params, **options)
        finally:
            STATEMENTS.record((name,), perf_counter() - began)


class Watched(Protocol):
    """A pool, as the metrics ask it: how many it may open, how many are lent and idle, who waits for one now."""

    name: str
    waiting: int

    @property
    def size_max(self) -> int: ...  # noqa: D102

    def checkedout(self) -> int: ...  # noqa: D102

    def checkedin(self) -> int: ...  # noqa: D102


def watch(pool: Watched) -> None:
    """Count this pool's connections for as long as it exists."""
    _pools.add(pool)


class WatchedPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool that tells how long one waits for it."""

    name = "transactions"
    waiting = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        watch(self)

    @property
    def size_max(self) -> int:
        """How many connections it may open."""
        return self.size() + max(self._max_overflow, 0)

    def _do_get(self) -> Any:
        self.waiting += 1
        began = perf_counter()
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1
            WAITS.record((), perf_counter() - began)


def count_error(error: BaseException) -> None:
    """A transaction has ended by this error."""
    _errors[class_of(error)] += 1


def count_read(place: ReadPlace) -> None:
    """A read went to the replica, or to the primary for this reason."""
    _reads[place] += 1


def class_of(error: BaseException) -> ErrorClass:
    """Which trouble this is: a pool that is used up, a server that can't be reached, or its own word (SQLSTATE)."""
    if isinstance(error, PoolTimeout):
        return "pool_timeout"
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    if state is None:
        if is_lost:
            return "08"
        return "connect" if isinstance(cause, psycopg.OperationalError) else "other"
    for known in ("08", "40", "53", "57P"):
        if state.startswith(known):
            return known
    return "other"


def _error_counts(_options: CallbackOptions) -> Iterable[Observation]:
    return [Observation(count, {"class": name}) for name, count in _errors.items()]


def _read_counts(_options: CallbackOptions) -> Iterable[Observation]:
    return [Observation(count, {"place": place}) for place, count in _reads.items()]


def _by_name(count: Callable[[Watched], int]) -> Iterable[tuple[int, dict[str, str]]]:
    totals = Counter[str]()
    for pool in list(_pools):
        totals[pool.name] += count(pool)
    return [(total, {"db_client_connection_pool_name": name}) for name, total in totals.items()]


def _connections(_options: CallbackOptions) -> Iterable[Observation]:
    for total, labels in _by_name(lambda pool: pool.checkedout()):
        yield Observation(total, labels | {"db_client_connection_state": "used"})
    for total, labels in _by_name(lambda pool: pool.checkedin()):
        yield Observation(total, labels | {"db_client_connection_state": "idle"})


def _most(_options: CallbackOptions) -> Iterable[Observation]:
    return [Observation(total, labels) for total, labels in _by_name(lambda pool: pool.size_max)]


def _pending(_options: CallbackOptions) -> Iterable[Observation]:
    yield Observation(sum(pool.waiting for pool in list(_pools)))


def _timeouts(_options: CallbackOptions) -> Iterable[Observation]:
    yield Observation(_errors["pool_timeout"])


METER.create_observable_counter("db_errors", [_error_counts], description="Transactions that an error ended, by class")
METER.create_observable_counter(
    "db_replica_reads",
    [_read_counts],
    description="Reads for which a replica is configured: served there, or by the primary because of what is told",
)
METER.create_observable_gauge("db_client_connection_count", [_connections], description="Pooled connections, by state")
METER.create_observable_gauge("db_client_connection_max", [_most], description="How many the pools may open")
METER.create_observable_gauge(
    "db_client_connection_pending_requests", [_pending], description="Transactions that wait for a connection now"
)
METER.create_observable_counter(
    "db_client_connection_timeouts", [_timeouts], description="Transactions that waited for a connection in vain"
)
