"""GET /health, /health/live, /health/ready, /errors: what probes, people and SDKs ask of the process itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import psycopg
from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cleanly import __version__
from cleanly.entry import migrate
from cleanly.entry.modules import MODULES
from cleanly.entry.settings import Settings
from cleanly.kernel import errors
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError, Unavailable
from cleanly.kernel.http import Ctx, Route, refusals
from cleanly.kernel.wire import Wire
from cleanly.platform.cache.service import Cache

PROBE_SECONDS_MAX = 2.0
router = APIRouter(tags=["health"], route_class=Route)


@dataclass(slots=True)
class Liveness:
    """Whether this process may take traffic: not before the schema was seen, not while it drains."""

    has_booted: bool = False
    is_draining: bool = False
    _probe: asyncio.Task[dict[str, str]] | None = field(default=None)
    _probed_at: float = field(default=float("-inf"))

    async def dependencies(self, context: Context) -> dict[str, str]:
        """Each dependency's state; one probe in flight, its answer shared for two seconds."""
        now = asyncio.get_running_loop().time()
        if self._probe is None or (self._probe.done() and now - self._probed_at > PROBE_SECONDS_MAX):
            self._probed_at = now
            self._probe = asyncio.create_task(_probe(context))
        return await asyncio.shield(self._probe)


async def _probe(context: Context) -> dict[str, str]:
    cache = context.part(Cache)
    return {
        "database": await _state(lambda: context.db.ping(deadline_seconds=PROBE_SECONDS_MAX)),
        "cache": "ok" if cache.hears_others else "degraded",
    }


async def _state(ask: Callable[[], Awaitable[None]]) -> str:
    try:
        # The question has a deadline of its own. Were this one as near, it could cut off the tidying up after it, and
        # that then waits for the frozen server once more.
        async with asyncio.timeout(1.5 * PROBE_SECONDS_MAX):
            await ask()
    except (Unavailable, TimeoutError, DBAPIError, psycopg.Error):  # a database that refuses us helps nobody either
        return "down"
    return "ok"


async def schema_is_there(context: Context) -> bool:
    """Whether the database holds the revision that this code needs.

    Raises:
        Unavailable: the database does not answer.
    """
    async with context.db.begin() as session:
        if await session.scalar(text("SELECT to_regclass('schema_history')")) is None:
            return False
        return migrate.is_reached(set(await session.scalars(text("SELECT revision FROM schema_history"))))


class HealthOut(Wire):
    """The process answers."""

    status: Literal["ok"] = "ok"
    timestamp: str = Field(examples=["2026-11-22T12:00:00.000Z"])
    version: str = Field(examples=["0.1.0"])


class ReadyOut(Wire):
    """Each dependency's state: `ok`, `degraded` or `down`."""

    status: Literal["ok", "degraded"]
    dependencies: dict[str, str] = Field(examples=[{"database": "ok", "cache": "ok"}])


class ErrorOut(Wire):
    """One row of the error table."""

    code: str = Field(examples=["NOT_FOUND"])
    status: int = Field(examples=[404])
    message: str = Field(examples=["There is nothing here"])
    action: str = Field(description="What the client should do", examples=["stop"])


class ErrorsOut(Wire):
    """The whole error table."""

    items: list[ErrorOut]


def version(settings: Settings) -> str:
    """The release, ending in the commit where the platform tells it."""
    return f"{__version__}+{settings.render_git_commit[:12]}" if settings.render_git_commit else __version__


@router.get("/health", summary="The process answers", responses=refusals())
async def health(context: Ctx) -> HealthOut:
    """For people and SDKs; asks nobody else."""
    return HealthOut(timestamp=rfc3339(context.clock.now()), version=version(context.part(Settings)))


@router.get("/health/live", summary="May this instance take traffic?", responses=refusals())
async def live(context: Ctx) -> HealthOut:
    """For the platform: 503 until the schema was seen once and while draining; a database outage changes nothing."""
    liveness = context.part(Liveness)
    if liveness.is_draining or not liveness.has_booted:
        raise Unavailable
    return await health(context)


@router.get("/health/ready", summary="Does everything behind it answer?", response_model=ReadyOut, responses=refusals())
async def ready(context: Ctx) -> Response:
    """For the outside monitor: 503 when a needed dependency does not answer within 2 s."""
    states = await context.part(Liveness).dependencies(context)
    if states["database"] != "ok":
        raise _NotReady(states)
    body = ReadyOut(status="ok" if set(states.values()) == {"ok"} else "degraded", dependencies=states)
    return Response(body.model_dump_json(by_alias=True), media_type="application/json")


class _NotReady(Unavailable):
    """Unavailable, with what is down."""

    def __init__(self, states: dict[str, str]) -> None:
        super().__init__("A dependency does not answer")
        self.details = {"dependencies": states}


def error_table() -> list[type[AppError]]:
    """Every refusal of every module, one per code, by status and code."""
    kinds = [*errors.COMMON, *(kind for module in MODULES for kind in module.errors)]
    by_code: dict[str, type[AppError]] = {}
    for kind in kinds:
        by_code.setdefault(kind.code, kind)
    return sorted(by_code.values(), key=lambda kind: (kind.status, kind.code))


@router.get("/errors", summary="Every error code and what to do about it", responses=refusals())
async def list_errors(response: Response) -> ErrorsOut:
    """The table that an app and its docs are built from, so that they can't drift."""
    response.headers["Cache-Control"] = "public, max-age=300"
    rows = [
        ErrorOut(code=kind.code, status=kind.status, message=kind.message, action=kind.action) for kind in error_table()
    ]
    return ErrorsOut(items=rows)
