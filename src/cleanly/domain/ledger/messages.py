"""Work that the ledger asks for, and the values that other slices' rules may speak in."""

from pydantic import BaseModel

from cleanly.domain.ledger.chart import Account, Place
from cleanly.domain.ledger.rules import Entry, Posting
from cleanly.kernel.messages import Task, Tick

__all__ = ["BOOKS_BROKEN", "CHECK", "CHECK_RECENT", "Account", "BrokenBooks", "Entry", "Place", "Posting"]


class BrokenBooks(BaseModel):
    """What a check has found: how many balances that their entries do not explain, how many other faults."""

    check: str
    drift: int
    faults: int


CHECK = Task("ledger.check", Tick, attempts_max=3)
CHECK_RECENT = Task("ledger.check_recent", Tick, attempts_max=1)
# Carried out by whoever lets money leave on the strength of the books.
BOOKS_BROKEN = Task("payouts.stop", BrokenBooks)
