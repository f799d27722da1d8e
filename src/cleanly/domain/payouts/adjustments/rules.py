"""Which accounts an adjustment moves, and whether one administrator may do it alone. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

Kind = Literal["credit", "debit", "write_off"]
State = Literal["pending", "posted", "refused"]
# Many small ones are one large one.
WINDOW: Final = timedelta(hours=24)
POSTED_AS: Final[Mapping[Kind, str]] = {
    "credit": "adjustment.credited",
    "debit": "adjustment.debited",
    "write_off": "adjustment.written_off",
}


def needs_second(amount: int, *, lately: int, alone_max: int, is_own: bool) -> bool:
    """Whether somebody else must approve. `lately`: what this administrator adjusted within the window already.

    `is_own`: it is the administrator's own balance.
    """
    return is_own or lately + amount > alone_max


def lines(kind: Kind, amount: int, *, owed: int) -> tuple[tuple[str, int], ...]:
    """What to book by the accounts' names: + debit, - credit. `owed`: what is given goes against that much first."""
    if kind == "write_off":
        return ("bad_debt", amount), ("receivable", -amount)
    if kind == "debit":
        return ("available", amount), ("adjustments", -amount)
    netted = min(owed, amount)
    return ("adjustments", amount), ("receivable", -netted), ("available", netted - amount)
