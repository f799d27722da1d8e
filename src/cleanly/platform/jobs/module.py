"""The queue's registration value."""

from cleanly.kernel.module import Module
from cleanly.platform.jobs.jobs import CRONS, JOBS

module = Module("jobs", jobs=JOBS, crons=CRONS)
