"""Counters of logging in and refreshing."""

from cleanly.kernel.observe import METER, from_zero

LOGINS = METER.create_counter("auth_logins", description="Logins by outcome: opened, refused")
REFRESHES = from_zero(
    METER.create_counter("auth_refreshes", description="Refreshes by what the judge said"),
    *({"outcome": outcome} for outcome in ("rotated", "converged", "recovered", "reused", "ahead")),
)
