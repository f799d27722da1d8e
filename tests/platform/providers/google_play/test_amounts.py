"""Units and billionths become minor units, exactly or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel.money import AMOUNT_MAX, EXPONENTS, Money
from cleanly.platform.providers.currencies import NotExact
from cleanly.platform.providers.google_play import amounts


def said(money: Money) -> dict[str, object]:
    """As Google says it."""
    per_minor = 10 ** (9 - money.exponent)
    units, nanos = divmod(abs(money.amount) * per_minor, 10**9)
    sign = -1 if money.amount < 0 else 1
    return {"currencyCode": money.currency, "units": str(sign * units), "nanos": sign * nanos}


@pytest.mark.parametrize(
    ("units", "nanos", "currency", "amount"),
    [
        ("9", 990_000_000, "EUR", 999),
        ("0", 10_000_000, "EUR", 1),
        ("1250", 0, "JPY", 1250),
        ("1", 250_000_000, "KWD", 1250),
        ("0", 1_000_000, "KWD", 1),
        ("-1", -750_000_000, "USD", -175),
        ("0", -750_000_000, "USD", -75),
        ("9007199254740", 990_000_000, "USD", 900719925474099),
    ],
)
def test_an_amount_is_exact(units, nanos, currency, amount):
    it = {"currencyCode": currency, "units": units, "nanos": nanos}
    assert amounts.money(it) == Money(amount, currency)
    assert said(Money(amount, currency)) == it


def test_what_is_left_out_is_zero():
    assert amounts.money({"currencyCode": "EUR"}) == Money(0, "EUR")
    assert amounts.money({"currencyCode": "EUR", "units": "3"}) == Money(300, "EUR")
    assert amounts.money({"currencyCode": "EUR", "nanos": 500_000_000}) == Money(50, "EUR")


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX), st.sampled_from(sorted(EXPONENTS)))
def test_every_amount_of_every_currency_goes_there_and_back(amount, currency):
    assert amounts.money(said(Money(amount, currency))) == Money(amount, currency)


@pytest.mark.parametrize(
    "it",
    [
        {},
        {"currencyCode": "XYZ", "units": "1"},
        {"currencyCode": 5, "units": "1"},
        {"currencyCode": "EUR", "units": "1", "nanos": 1},
        {"currencyCode": "EUR", "units": "1", "nanos": 5_000_000},
        {"currencyCode": "JPY", "units": "1", "nanos": 500_000_000},
        {"currencyCode": "EUR", "units": 1},
        {"currencyCode": "EUR", "units": "1.5"},
        {"currencyCode": "EUR", "units": "1", "nanos": 0.5},
        {"currencyCode": "EUR", "units": "1", "nanos": True},
        {"currencyCode": "EUR", "units": "1", "nanos": -10_000_000},
        {"currencyCode": "EUR", "units": "-1", "nanos": 10_000_000},
        {"currencyCode": "EUR", "units": "1", "nanos": 10**9},
        {"currencyCode": "EUR", "units": "1" + "0" * 17},
        {"currencyCode": "EUR", "units": "1" + "0" * 5000},
        {"currencyCode": "EUR", "units": "²"},
    ],
)
def test_what_is_no_exact_amount_is_refused_and_only_left_out_where_it_is_shown(it):
    with pytest.raises(NotExact):
        amounts.money(it)
    assert amounts.price(it) is None


@pytest.mark.parametrize("it", [None, [], "9.99", 9])
def test_where_there_is_no_amount_there_is_no_price(it):
    assert amounts.price(it) is None
