"""The chart of accounts: what is where, and whose."""

import re

import pytest

from cleanly.domain.ledger import chart
from cleanly.kernel.ids import new_id

BUSY = {"clearing.stripe", "provider.stripe", "fees", "sales", "provider_fees", "tax_payable.de"}
KINDS = {
    "asset": {"clearing.stripe", "provider.stripe", "in_transit.stripe", "bank", "dispute_suspense", "receivable"},
    "liability": {"tax_payable.de", "pending", "available", "reserve", "disputed", "in_payout"},
    "income": {"fees", "sales"},
    "expense": {"provider_fees", "dispute_fees", "dispute_loss", "bad_debt", "adjustments"},
    "equity": {"fx"},
}
NAMES = {name: kind for kind, names in KINDS.items() for name in names}
CHART = {
    account.name: account
    for account in (
        *(value for value in vars(chart).values() if isinstance(value, chart.Account)),
        *(family("stripe") for family in (chart.clearing, chart.provider, chart.in_transit)),
        chart.tax_payable("DE"),
    )
}
SELLERS = {"pending", "available", "reserve", "disputed", "in_payout", "receivable"}


def test_the_chart_has_these_accounts_and_no_other():
    assert set(CHART) == set(NAMES)


@pytest.mark.parametrize(("name", "kind"), sorted(NAMES.items()))
def test_an_account_has_its_kind_floor_and_shards(name: str, kind: str):
    account = CHART[name]
    assert (account.name, account.kind) == (name, kind)
    assert account.floor == (0 if name in SELLERS else None)
    assert account.shards == (16 if name in BUSY else 1)
    assert re.fullmatch(r"[a-z][a-z0-9_.]{1,62}", account.name), "as the database wants it"


def test_a_country_is_written_small():
    assert chart.tax_payable("DE") == chart.tax_payable("de")


def test_a_seller_has_six_accounts_per_currency():
    seller = new_id()
    places = chart.of_seller(seller, "EUR")
    assert {place.account.name for place in places} == SELLERS
    assert {(place.owner_id, place.currency) for place in places} == {(seller, "EUR")}
