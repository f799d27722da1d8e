"""Work that auth asks for."""

from cleanly.kernel.messages import Task, Tick

SWEEP = Task("auth.sweep", Tick, attempts_max=3)
