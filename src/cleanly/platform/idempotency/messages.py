"""What the sweeper is called in the queue."""

from cleanly.kernel.messages import Task, Tick

SWEEP = Task("idempotency.sweep", Tick, attempts_max=3)
