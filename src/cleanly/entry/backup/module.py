"""The registration value of backups."""

from cleanly.entry.backup.jobs import CRONS, JOBS
from cleanly.kernel.module import Module

module = Module("backup", jobs=JOBS, crons=CRONS)
