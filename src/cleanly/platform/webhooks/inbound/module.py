"""What provider news offers the process."""

from cleanly.kernel.module import Module
from cleanly.platform.webhooks.inbound.jobs import CRONS, JOBS
from cleanly.platform.webhooks.inbound.routes import router

module = Module("inbound", router=router, jobs=JOBS, crons=CRONS)
