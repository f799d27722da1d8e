"""What payouts offer the process."""

from fastapi import APIRouter

from cleanly.domain.payouts.balances.routes import router as balances
from cleanly.domain.payouts.history.routes import router as history
from cleanly.kernel.module import Module

_router = APIRouter()
_router.include_router(balances)
_router.include_router(history)
module = Module("payouts", router=_router)
