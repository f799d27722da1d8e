"""Counters of logging in and refreshing."""

from cleanly.kernel.observe import METER

LOGINS = METER.create_counter("auth_logins", description="Logins by outcome: opened, refused")
REFRESHES = METER.create_counter(
    "auth_refreshes", description="Refreshes by outcome: rotated, converged, recovered, reused, refused"
)
