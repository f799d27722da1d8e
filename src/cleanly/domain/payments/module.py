"""What payments offer the process."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments import people, queries
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payments.inbound import HANDLERS
from cleanly.domain.payments.jobs import CRONS, JOBS
from cleanly.domain.payments.messages import EVENT_TYPES
from cleanly.domain.payments.routes import router
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.module import Module, PersonalData

EXPORTED_MAX = 10_000


async def _export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    found = await queries.of_person(
        session, user_id, role="any", state=None, provider=None, after=None, limit=EXPORTED_MAX
    )
    return {
        "payments": [
            {
                "id": str(one.id),
                "role": "buyer" if one.buyer_id == user_id else "seller",
                "description": one.description,
                "amount": one.money.amount,
                "currency": one.money.currency,
                "state": one.state,
                "metadata": dict(one.meta),
                "createdAt": rfc3339(one.created_at),
            }
            for one in found
        ]
    }


async def _erase(session: AsyncSession, user_id: UUID, _: Context) -> None:
    await people.forget_person(session, user_id)


# TooMuch shares CONFLICT's row of the error table.
module = Module(
    "payments",
    router=router,
    jobs=JOBS,
    crons=CRONS,
    inbound=HANDLERS,
    event_types=EVENT_TYPES,
    errors=(InvalidState,),
    personal=PersonalData(_export, _erase),
)
