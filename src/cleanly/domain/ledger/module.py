"""What the ledger offers the process."""

from cleanly.domain.ledger.errors import InsufficientBalance
from cleanly.domain.ledger.jobs import CRONS, JOBS
from cleanly.kernel.module import Module

module = Module("ledger", jobs=JOBS, crons=CRONS, errors=(InsufficientBalance,))
