"""What outbound webhooks offer the process: endpoints, deliveries and their mending, the catalogue of events."""

from fastapi import APIRouter

from cleanly.kernel.module import Module
from cleanly.platform.webhooks.outbound.catalogue import routes as catalogue
from cleanly.platform.webhooks.outbound.dispatch import jobs as dispatch
from cleanly.platform.webhooks.outbound.endpoints import routes as endpoints
from cleanly.platform.webhooks.outbound.errors import PingFailed, TooManyEndpoints
from cleanly.platform.webhooks.outbound.history import jobs as history_jobs
from cleanly.platform.webhooks.outbound.history import routes as history
from cleanly.platform.webhooks.outbound.mending import routes as mending
from cleanly.platform.webhooks.outbound.messages import EVENTS
from cleanly.platform.webhooks.outbound.models import MessageRow
from cleanly.platform.webhooks.outbound.people import PERSONAL

__all__ = ["MessageRow", "module"]

router = APIRouter()
for part in (endpoints, history, mending, catalogue):
    router.include_router(part.router)

module = Module(
    "outbound",
    router=router,
    jobs=(*dispatch.JOBS, *history_jobs.JOBS),
    crons=(*dispatch.CRONS, *history_jobs.CRONS),
    events=EVENTS,
    errors=(TooManyEndpoints, PingFailed),
    personal=PERSONAL,
)
