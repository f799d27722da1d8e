"""How late the schedules are."""

from collections.abc import Mapping

from cleanly.kernel.observe import METER

_overdue = METER.create_gauge("cron_overdue", unit="s", description="How long ago a tick was due that nobody has taken")


def overdue(seconds: Mapping[str, float]) -> None:
    """By the schedule's name; 0: its last tick was taken."""
    for name, late in seconds.items():
        _overdue.set(late, {"cron": name})
