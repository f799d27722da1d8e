"""What the limiter refused, and what it let pass unasked."""

from cleanly.kernel.observe import METER, from_zero

STORE_ERRORS = from_zero(
    METER.create_counter(
        "ratelimit_store_errors", description="Calls that passed because the limiter's store did not answer"
    )
)
REFUSED = METER.create_counter("ratelimit_refused", description="Calls refused, by policy")
