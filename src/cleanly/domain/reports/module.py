"""What reports offer the process."""

from cleanly.domain.reports import jobs
from cleanly.domain.reports.routes import router
from cleanly.kernel.module import Module

module = Module("reports", router=router, jobs=jobs.JOBS, crons=jobs.CRONS)
