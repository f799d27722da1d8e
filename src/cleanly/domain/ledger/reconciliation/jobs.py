"""Which task reconciles or looks for what is old, and when."""

from cleanly.domain.ledger.reconciliation import aging, flows
from cleanly.domain.ledger.reconciliation.messages import AGE, RECONCILE, RECONCILE_ONE
from cleanly.kernel.module import Cron, FlowJob

JOBS = (FlowJob(RECONCILE, flows.run), FlowJob(RECONCILE_ONE, flows.run_one), FlowJob(AGE, aging.tell))
# Off the full hour, when everybody's reports run.
CRONS = (Cron("17 * * * *", RECONCILE), Cron("50 3 * * *", AGE))
