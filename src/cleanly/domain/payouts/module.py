"""What payouts offer the process."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.accounts import jobs as account_jobs
from cleanly.domain.payouts.accounts import people as account_people
from cleanly.domain.payouts.accounts.inbound import HANDLERS as ACCOUNT_HANDLERS
from cleanly.domain.payouts.accounts.messages import EVENTS as ACCOUNT_EVENTS
from cleanly.domain.payouts.accounts.routes import router as accounts
from cleanly.domain.payouts.adjustments.routes import router as adjustments
from cleanly.domain.payouts.balances.routes import router as balances
from cleanly.domain.payouts.history.routes import router as history
from cleanly.domain.payouts.schedules import jobs as schedule_jobs
from cleanly.domain.payouts.schedules import service as schedule_writes
from cleanly.domain.payouts.schedules.routes import router as schedules
from cleanly.domain.payouts.sending import jobs as payout_jobs
from cleanly.domain.payouts.sending import people as payout_people
from cleanly.domain.payouts.sending.inbound import HANDLERS as PAYOUT_HANDLERS
from cleanly.domain.payouts.sending.messages import EVENTS as PAYOUT_EVENTS
from cleanly.domain.payouts.sending.reviews import router as reviews
from cleanly.domain.payouts.sending.routes import router as payouts
from cleanly.kernel.context import Context
from cleanly.kernel.module import Module, PersonalData

_router = APIRouter()
_router.include_router(accounts)
_router.include_router(balances)
_router.include_router(history)
_router.include_router(payouts)
_router.include_router(schedules)
_router.include_router(reviews)
_router.include_router(adjustments)


async def _export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    return await account_people.export(session, user_id) | await payout_people.export(session, user_id)


async def _erase(session: AsyncSession, user_id: UUID, context: Context) -> None:
    await account_people.erase(session, user_id, context)
    await schedule_writes.forget(session, user_id)


module = Module(
    "payouts",
    router=_router,
    jobs=(*account_jobs.JOBS, *payout_jobs.JOBS, *schedule_jobs.JOBS),
    crons=(*account_jobs.CRONS, *payout_jobs.CRONS, *schedule_jobs.CRONS),
    inbound=(*ACCOUNT_HANDLERS, *PAYOUT_HANDLERS),
    events=(*ACCOUNT_EVENTS, *PAYOUT_EVENTS),
    personal=PersonalData(_export, _erase),
)
