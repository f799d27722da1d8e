"""What the ledger offers the process."""

from cleanly.domain.ledger import jobs
from cleanly.domain.ledger.errors import InsufficientBalance
from cleanly.domain.ledger.reconciliation import jobs as reconciliation
from cleanly.domain.ledger.reconciliation.inbound import HANDLERS
from cleanly.domain.ledger.reconciliation.routes import router
from cleanly.kernel.module import Module

module = Module(
    "ledger",
    router=router,
    jobs=(*jobs.JOBS, *reconciliation.JOBS),
    crons=(*jobs.CRONS, *reconciliation.CRONS),
    inbound=HANDLERS,
    errors=(InsufficientBalance,),
)
