"""What idempotency offers the process."""

from cleanly.kernel.module import Module
from cleanly.platform.idempotency.errors import OWN
from cleanly.platform.idempotency.jobs import CRONS, JOBS

# AnswerLost shares CONFLICT's row of the error table.
module = Module("idempotency", jobs=JOBS, crons=CRONS, errors=tuple(kind for kind in OWN if "code" in vars(kind)))
