"""The ledger's figures. Gauges hold what this process last saw: `ledger_checked_seconds` tells how fresh that is."""

from collections.abc import Mapping
from typing import Literal

from cleanly.kernel.observe import METER

Look = Literal["full", "recent"]

POST_SECONDS = METER.create_histogram(
    "ledger_post_seconds", unit="s", description="One call of post, any number of postings"
)
_refused = METER.create_counter("ledger_refused", description="Postings refused, by reason")
_drift = METER.create_gauge("ledger_drift_accounts", description="Balances that their entries do not explain, by check")
_faults = METER.create_gauge("ledger_faults", description="Faults of the books as a whole, by check")
_receivable = METER.create_gauge("receivable_minor_units", description="What sellers owe us")
_debtors = METER.create_gauge(
    "ledger_debtors_with_money", unit="{seller}", description="Sellers that owe us beside having something, by check"
)
_checked = METER.create_gauge("ledger_checked_seconds", unit="s", description="When a check last ended, as Unix time")


def refused(reason: str) -> None:
    """A posting was refused; `reason` is one of the words in `errors.PostingRefused`, or `insufficient_balance`."""
    _refused.add(1, {"reason": reason})


def owed(amounts: Mapping[str, int]) -> None:
    """What sellers owe us, per currency in minor units."""
    for currency, amount in amounts.items():
        _receivable.set(amount, {"currency": currency})


def debtors(look: Look, count: int) -> None:
    """How many sellers owe us beside having something available: never any."""
    _debtors.set(count, {"check": look})


def checked(look: Look, *, drift: int, faults: int, at_seconds: int) -> None:
    """A check has ended."""
    _drift.set(drift, {"check": look})
    _faults.set(faults, {"check": look})
    _checked.set(at_seconds, {"check": look})
