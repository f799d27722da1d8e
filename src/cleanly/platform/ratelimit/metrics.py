"""What the limiter refused, and what it let pass unasked."""

from cleanly.kernel.observe import METER

STORE_ERRORS = METER.create_counter(
    "ratelimit_store_errors", description="Calls that passed because the limiter's store did not answer"
)
REFUSED = METER.create_counter("ratelimit_refused", description="Calls refused, by policy")
