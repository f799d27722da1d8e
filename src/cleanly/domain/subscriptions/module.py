"""What subscriptions offer the process."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.subscriptions import queries, service
from cleanly.domain.subscriptions.errors import InvalidState
from cleanly.domain.subscriptions.inbound import HANDLERS
from cleanly.domain.subscriptions.jobs import CRONS, JOBS
from cleanly.domain.subscriptions.messages import EVENTS
from cleanly.domain.subscriptions.routes import router
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.module import Module, PersonalData

EXPORTED_MAX = 1_000


async def _export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    found = await queries.of_user(session, user_id, after=None, limit=EXPORTED_MAX)
    return {
        "subscriptions": [
            {
                "id": str(one.id),
                "provider": one.provider,
                "priceId": str(one.price_id),
                "state": one.state,
                "createdAt": rfc3339(one.created_at),
                "endedAt": rfc3339(one.facts.ended_at) if one.facts.ended_at else None,
            }
            for one in found
        ]
    }


async def _erase(session: AsyncSession, user_id: UUID, context: Context) -> None:
    """What was paid stays under the bare id; what lives is ended by the janitor."""
    await service.end_all_of(session, user_id, now=context.clock.now())


module = Module(
    "subscriptions",
    router=router,
    jobs=JOBS,
    crons=CRONS,
    inbound=HANDLERS,
    events=EVENTS,
    errors=(InvalidState,),
    personal=PersonalData(_export, _erase),
)
