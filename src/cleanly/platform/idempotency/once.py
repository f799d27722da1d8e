"""What a route does with its key: without one everything simply runs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError

Render = Callable[[AsyncSession, UUID], Awaitable[BaseModel]]
# Body of a stored success in, the body to send out. It runs with no transaction open, so it may call out.
Complete = Callable[[bytes], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Started:
    """Which resource a flow works on. Resumed: it is the one of an earlier try that died; go on from its own state."""

    resource_id: UUID
    is_resumed: bool


class OncePerCall:
    """A call without a key. `keyed.KeyedCall` is the same with one, and says what each step refuses."""

    is_keyed = False

    def rendering(self, render: Render) -> None:
        """Say, first of all, how an answer above 64 KiB is made again from its resource."""

    def completing(self, complete: Complete) -> None:
        """Say, first of all, how a stored success is completed with what `finish` was told not to keep."""

    async def look(self, context: Context) -> None:
        """Before expensive work: stop if the answer is known already."""

    async def claim(self, session: AsyncSession) -> None:
        """First statement of the one transaction."""

    async def answer(
        self,
        session: AsyncSession,
        status: int,
        model: BaseModel | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        resource_id: UUID | None = None,
    ) -> Response:
        """Last statement of the one transaction: serialise the answer and store it."""
        del session, resource_id
        return response_of(status, model, headers)

    async def refuse(self, session: AsyncSession, refusal: AppError) -> None:
        """Store a refusal together with what must be remembered of it. Raise that same object after the block."""

    async def start(self, session: AsyncSession, resource_id: UUID) -> Started:
        """First statement of a flow's first transaction. `resource_id`: of the row that the flow would create."""
        del session
        return Started(resource_id, is_resumed=False)

    async def finish(
        self,
        session: AsyncSession,
        status: int,
        model: BaseModel | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        kept: BaseModel | None = None,
    ) -> Response:
        """Last statement of a flow's last transaction. `kept`: what is stored in place of a model with secrets."""
        del session, kept
        return response_of(status, model, headers)


def body_of(model: BaseModel) -> bytes:
    """A model as the wire shows it."""
    return model.model_dump_json(by_alias=True).encode()


def response_of(status: int, model: BaseModel | None, headers: Mapping[str, str] | None) -> Response:
    """A JSON answer, or one without a body."""
    if model is None:
        return Response(status_code=status, headers=dict(headers or {}))
    return Response(body_of(model), status_code=status, headers=dict(headers or {}), media_type="application/json")
