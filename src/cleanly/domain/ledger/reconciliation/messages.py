"""Work that reconciliation asks for."""

from pydantic import BaseModel

from cleanly.kernel.messages import Task, Tick


class OneProvider(BaseModel):
    """Whose books."""

    provider: str


RECONCILE = Task("ledger.reconcile", Tick, attempts_max=3)
AGE = Task("ledger.age", Tick, attempts_max=3)
RECONCILE_ONE = Task("ledger.reconcile_one", OneProvider, attempts_max=3)
