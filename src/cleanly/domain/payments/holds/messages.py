"""Work that holds ask for."""

from cleanly.kernel.messages import Task, Tick

RELEASE_HOLDS = Task("payments.release_holds", Tick, attempts_max=3)
CHECK_HOLDS = Task("payments.check_holds", Tick, attempts_max=1)
