"""When holds are released."""

from cleanly.domain.payments.holds import flows
from cleanly.domain.payments.holds.messages import RELEASE_HOLDS
from cleanly.kernel.module import Cron, FlowJob

JOBS = (FlowJob(RELEASE_HOLDS, flows.run),)
CRONS = (Cron("*/10 * * * *", RELEASE_HOLDS),)
