"""Work that reports ask for."""

from cleanly.kernel.messages import Task, Tick

DAILY = Task("reports.daily", Tick, attempts_max=5)
