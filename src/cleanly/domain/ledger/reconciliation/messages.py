"""Work that reconciliation asks for."""

from cleanly.kernel.messages import Task, Tick

RECONCILE = Task("ledger.reconcile", Tick, attempts_max=3)
