"""The figures that operators' dashboards and alarms name exist, in the slice that knows them."""

import importlib

import pytest

NAMES = {
    "cleanly.domain.ledger.metrics": (
        *("ledger_drift_accounts", "ledger_faults", "ledger_post_seconds", "ledger_refused", "receivable_minor_units"),
        *("ledger_debtors_with_money", "ledger_checked_seconds"),
    ),
    "cleanly.domain.ledger.reconciliation.metrics": (
        *("ledger_clearing_minor_units", "ledger_clearing_old_minor_units", "reconciliation_items_open"),
        *("reconciliation_difference_minor_units", "reconciliation_differs_seconds", "reconciliation_imported_seconds"),
    ),
    "cleanly.domain.payments.metrics": ("payments", "payments_unknown", "payments_unknown_oldest_seconds"),
    "cleanly.platform.providers.metrics": ("provider_call_seconds", "provider_calls"),
    "cleanly.platform.webhooks.inbound.metrics": (
        *("inbound_events", "inbound_oldest_seconds", "inbound_dead", "inbound_swept"),
    ),
}


@pytest.mark.parametrize("module", NAMES)
def test_every_figure_is_declared_where_it_is_known(module: str):
    found = importlib.import_module(module)
    declared = {getattr(value, "_name", getattr(value, "name", None)) for value in vars(found).values()}
    assert set(NAMES[module]) <= declared
