"""What payments offer the process."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments import people, queries
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payments.holds.routes import router as hold_terms
from cleanly.domain.payments.inbound import HANDLERS
from cleanly.domain.payments.jobs import CRONS, JOBS
from cleanly.domain.payments.messages import EVENTS
from cleanly.domain.payments.routes import router as payments
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.module import Module, PersonalData

EXPORTED_MAX = 10_000
_router = APIRouter()
_router.include_router(payments)
_router.include_router(hold_terms)


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
    router=_router,
    jobs=JOBS,
    crons=CRONS,
    inbound=HANDLERS,
    events=EVENTS,
    errors=(InvalidState,),
    personal=PersonalData(_export, _erase),
)
