"""Work that holds ask for."""

from cleanly.kernel.messages import Task, Tick

RELEASE_HOLDS = Task("payments.release_holds", Tick, attempts_max=3)
