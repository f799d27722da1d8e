"""Which task reconciles, and when."""

from cleanly.domain.ledger.reconciliation import flows
from cleanly.domain.ledger.reconciliation.messages import RECONCILE
from cleanly.kernel.module import Cron, FlowJob

JOBS = (FlowJob(RECONCILE, flows.run),)
# Off the full hour, when everybody's reports run.
CRONS = (Cron("17 * * * *", RECONCILE),)
