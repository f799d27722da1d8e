"""Reconciliation's figures. Gauges hold what this process last saw; `..._imported_seconds` tells how fresh that is."""

from collections.abc import Mapping

from cleanly.domain.ledger.reconciliation.rules import ITEM_KINDS, ItemKind
from cleanly.kernel.observe import METER

_open = METER.create_gauge("reconciliation_items_open", unit="{item}", description="Differences nobody has resolved")
_difference = METER.create_gauge(
    "reconciliation_difference_minor_units", description="What a provider says it holds, less what our books say"
)
_differs = METER.create_gauge(
    "reconciliation_differs_seconds",
    unit="s",
    description="For how long a provider's balance has differed; 0: it agrees",
)
_clearing = METER.create_gauge("ledger_clearing_minor_units", description="Booked by us, not settled by the provider")
_old = METER.create_gauge(
    "ledger_clearing_old_minor_units", description="Parts of clearing that are older than a week, by what they wait for"
)
_imported = METER.create_gauge(
    "reconciliation_imported_seconds", unit="s", description="When a provider's books were last read to their end"
)


def items_open(counts: Mapping[ItemKind, int]) -> None:
    """How many differences are open, by kind; what is not named is none."""
    for kind in ITEM_KINDS:
        _open.set(counts.get(kind, 0), {"kind": kind})


def standing(provider: str, currency: str, *, difference: int, clearing: int, differs_seconds: int) -> None:
    """How a provider's money stands in one currency, in minor units."""
    _differs.set(differs_seconds, {"provider": provider, "currency": currency})
    _difference.set(difference, {"provider": provider, "currency": currency})
    _clearing.set(clearing, {"provider": provider, "currency": currency})


def old_part(provider: str, currency: str, part: str, *, amount: int) -> None:
    """What of one kind is old in a provider's clearing."""
    _old.set(amount, {"provider": provider, "currency": currency, "part": part})


def imported(provider: str, *, at_seconds: int) -> None:
    """A provider's books were read to their end."""
    _imported.set(at_seconds, {"provider": provider})
