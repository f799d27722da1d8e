"""What provider news offers the process."""

from fastapi import APIRouter

from cleanly.kernel.module import Module
from cleanly.platform.webhooks.inbound.jobs import CRONS, JOBS
from cleanly.platform.webhooks.inbound.routes import plain
from cleanly.platform.webhooks.inbound.routes import router as admin

router = APIRouter()
for part in (plain, admin):
    router.include_router(part)

module = Module("inbound", router=router, jobs=JOBS, crons=CRONS)
