"""MONEY's currency table, a test per currency and both ways; and that nothing is ever rounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel.money import EXPONENTS, Money
from cleanly.platform.providers.currencies import PAYPAL, SANDBOX, STRIPE, TABLES, Currencies, NotExact

WHOLE_AT_STRIPE = ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
THREE_AT_STRIPE = ["BHD", "JOD", "KWD", "OMR", "TND"]
PAYPALS = [
    "AUD",
    "BRL",
    "CAD",
    "CHF",
    "CNY",
    "CZK",
    "DKK",
    "EUR",
    "GBP",
    "HKD",
    "HUF",
    "ILS",
    "JPY",
    "MXN",
    "MYR",
    "NOK",
    "NZD",
    "PHP",
    "PLN",
    "SEK",
    "SGD",
    "THB",
    "TWD",
    "USD",
]
EVERY = [(table, currency) for table in TABLES.values() for currency in table.rules]


def named(pair: tuple[Currencies, str]) -> str:
    return f"{pair[0].provider}-{pair[1]}"


@pytest.mark.parametrize("pair", EVERY, ids=named)
def test_a_charge_goes_there_and_comes_back(pair):
    table, currency = pair
    multiple = table.rules[currency].charge
    for amount in (0, multiple, 7 * multiple, 123_400 * multiple, -5 * multiple):
        money = Money(amount, currency)
        assert table.charges(money)
        assert table.from_provider(table.to_provider(money), currency) == money
        assert table.from_decimal(table.to_decimal(money), currency) == money


@pytest.mark.parametrize("pair", [pair for pair in EVERY if pair[0].rules[pair[1]].charge > 1], ids=named)
def test_what_is_no_multiple_is_refused_and_not_rounded(pair):
    table, currency = pair
    for off in (1, table.rules[currency].charge - 1):
        money = Money(table.rules[currency].charge + off, currency)
        assert not table.charges(money)
        with pytest.raises(NotExact):
            table.to_provider(money)
        with pytest.raises(NotExact):
            table.to_decimal(money)


@pytest.mark.parametrize("pair", EVERY, ids=named)
def test_a_payout_and_its_remainder_are_the_balance(pair):
    table, currency = pair
    multiple = table.rules[currency].payout
    balance = Money(12_345 * multiple + multiple - 1, currency)
    paid, kept = table.payable(balance)
    assert paid + kept == balance
    assert paid.amount % multiple == 0
    assert 0 <= kept.amount < multiple
    with pytest.raises(ValueError, match="negative"):
        table.payable(Money(-1, currency))


@pytest.mark.parametrize("currency", WHOLE_AT_STRIPE)
def test_stripe_does_not_multiply_currencies_without_decimals(currency):
    assert STRIPE.to_provider(Money(1250, currency)) == 1250
    assert STRIPE.from_provider(1250, currency) == Money(1250, currency)


@pytest.mark.parametrize("currency", ["ISK", "UGX"])
def test_stripe_wants_two_zeros_behind_isk_and_ugx(currency):
    assert STRIPE.to_provider(Money(5, currency)) == 500
    assert STRIPE.from_provider(500, currency) == Money(5, currency)
    with pytest.raises(NotExact):
        STRIPE.from_provider(550, currency)


def test_stripe_takes_ariary_whole():
    assert STRIPE.to_provider(Money(500, "MGA")) == 5
    assert STRIPE.from_provider(5, "MGA") == Money(500, "MGA")
    with pytest.raises(NotExact):
        STRIPE.to_provider(Money(550, "MGA"))


@pytest.mark.parametrize("currency", ["HUF", "TWD"])
def test_stripe_charges_forints_and_taiwan_dollars_to_the_hundredth_and_pays_them_whole(currency):
    assert STRIPE.to_provider(Money(1045, currency)) == 1045
    assert STRIPE.payable(Money(1045, currency)) == (Money(1000, currency), Money(45, currency))


@pytest.mark.parametrize("currency", THREE_AT_STRIPE)
def test_stripe_wants_a_zero_as_the_third_decimal(currency):
    assert STRIPE.to_provider(Money(5120, currency)) == 5120
    with pytest.raises(NotExact):
        STRIPE.to_provider(Money(5124, currency))
    # A fee keeps no multiple.
    assert STRIPE.from_provider(124, currency) == Money(124, currency)


@pytest.mark.parametrize("currency", [code for code, exponent in EXPONENTS.items() if exponent == 2 and code != "MGA"])
def test_stripe_takes_hundredths_as_they_are(currency):
    assert STRIPE.to_provider(Money(1099, currency)) == 1099
    assert STRIPE.rules[currency].charge == 1


@pytest.mark.parametrize("currency", ["IQD", "LYD"])
def test_what_no_source_tells_of_is_refused(currency):
    assert not STRIPE.supports(currency)
    with pytest.raises(NotExact):
        STRIPE.to_provider(Money(1000, currency))
    with pytest.raises(NotExact):
        STRIPE.from_provider(1000, currency)


@pytest.mark.parametrize("currency", PAYPALS)
def test_paypal_writes_its_currencies_as_decimals(currency):
    whole = currency in {"HUF", "JPY", "TWD"}
    money = Money(1200 if currency != "JPY" else 12, currency)
    assert PAYPAL.to_decimal(money) == ("12" if whole else "12.00")
    assert PAYPAL.from_decimal("12", currency) == PAYPAL.from_decimal("12.00", currency) == money


def test_paypal_supports_these_and_no_other():
    assert sorted(PAYPAL.rules) == sorted(PAYPALS)
    with pytest.raises(NotExact):
        PAYPAL.to_decimal(Money(1000, "KWD"))


@pytest.mark.parametrize("text", ["", "1.", "1.234", "1e3", "٣", "+1", "1,00", " 1", "--1", "NaN"])
def test_a_decimal_that_is_none_is_refused(text):
    with pytest.raises(NotExact):
        PAYPAL.from_decimal(text, "EUR")


@pytest.mark.parametrize("value", [1.0, True, "1"])
def test_an_amount_that_is_no_integer_is_refused(value):
    with pytest.raises(NotExact):
        STRIPE.from_provider(value, "EUR")


def test_small_and_negative_amounts_keep_their_zeros():
    assert PAYPAL.to_decimal(Money(5, "EUR")) == "0.05"
    assert PAYPAL.to_decimal(Money(-5, "EUR")) == "-0.05"
    assert PAYPAL.from_decimal("-0.05", "EUR") == Money(-5, "EUR")


def test_the_sandbox_takes_all_that_we_know():
    assert set(SANDBOX.rules) == set(EXPONENTS)


@given(st.sampled_from(EVERY), st.integers(-(10**12), 10**12))
def test_no_amount_is_ever_changed_on_its_way(pair, amount):
    table, currency = pair
    money = Money(amount, currency)
    if table.charges(money):
        assert table.from_provider(table.to_provider(money), currency) == money
    else:
        with pytest.raises(NotExact):
            table.to_provider(money)
