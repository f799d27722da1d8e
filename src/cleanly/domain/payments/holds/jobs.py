"""When holds are released, and held against the books."""

from cleanly.domain.payments.holds import flows
from cleanly.domain.payments.holds.messages import CHECK_HOLDS, RELEASE_HOLDS
from cleanly.kernel.module import Cron, FlowJob

JOBS = (FlowJob(RELEASE_HOLDS, flows.run), FlowJob(CHECK_HOLDS, flows.check))
CRONS = (Cron("*/10 * * * *", RELEASE_HOLDS), Cron("7 * * * *", CHECK_HOLDS))
