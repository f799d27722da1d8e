"""Work that the ledger asks for, and the values that other slices' rules may speak in."""

from cleanly.domain.ledger.chart import Account, Place
from cleanly.domain.ledger.rules import Entry, Posting
from cleanly.kernel.messages import Task, Tick

__all__ = ["CHECK", "CHECK_RECENT", "Account", "Entry", "Place", "Posting"]

CHECK = Task("ledger.check", Tick, attempts_max=3)
CHECK_RECENT = Task("ledger.check_recent", Tick, attempts_max=1)
