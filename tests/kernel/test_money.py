"""Money as a value: exact, in one currency, split without losing a minor unit."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cleanly.kernel.money import AMOUNT_MAX, EXPONENTS, Money

CURRENCIES = st.sampled_from(sorted(EXPONENTS))
AMOUNTS = st.integers(-AMOUNT_MAX, AMOUNT_MAX)
HALVES = st.integers(-AMOUNT_MAX // 2, AMOUNT_MAX // 2)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)
# The minor units that cost others money: whole currencies, thousandths, and those that look odd and are not.
DIGITS = {
    **dict.fromkeys(("JPY", "KRW", "CLP", "VND", "XAF", "XOF", "PYG", "UGX", "ISK"), 0),
    **dict.fromkeys(("EUR", "USD", "GBP", "CHF", "HUF", "TWD", "MGA", "MRU", "COP", "IDR"), 2),
    **dict.fromkeys(("KWD", "BHD", "JOD", "OMR", "TND", "IQD", "LYD"), 3),
}


@pytest.mark.parametrize(("currency", "digits"), DIGITS.items())
def test_a_currency_has_the_minor_unit_of_iso_4217(currency, digits):
    assert Money(1, currency).exponent == digits
    assert Money.from_decimal("1", currency) == Money(10**digits, currency)


def test_every_currency_is_three_capitals_with_at_most_three_decimals():
    assert len(EXPONENTS) > 150
    for currency, exponent in EXPONENTS.items():
        assert len(currency) == 3
        assert currency.isalpha()
        assert currency.isupper()
        assert exponent in {0, 2, 3}
    assert {"XTS", "XAU", "BTC", "eur"}.isdisjoint(EXPONENTS)


@given(AMOUNTS, CURRENCIES)
def test_the_decimal_form_is_exact_and_can_be_undone(amount, currency):
    money = Money(amount, currency)
    written = money.decimal()
    assert Money.from_decimal(written, currency) == money
    assert Decimal(written).scaleb(money.exponent) == amount
    digits = written.partition(".")[2]
    assert len(digits) == money.exponent
    assert ("." in written) == (money.exponent > 0)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (1250, "EUR", "12.50"),
        (1250, "JPY", "1250"),
        (1250, "KWD", "1.250"),
        (5, "EUR", "0.05"),
        (-5, "EUR", "-0.05"),
        (-5, "KWD", "-0.005"),
        (0, "EUR", "0.00"),
        (0, "JPY", "0"),
    ],
)
def test_the_decimal_form_is_what_a_person_would_write(amount, currency, written):
    assert Money(amount, currency).decimal() == written


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("12", "EUR", 1200), ("12.5", "EUR", 1250), ("1.2000", "KWD", 1200), ("007", "JPY", 7)],
)
def test_shorter_and_longer_forms_of_the_same_are_read(text, currency, amount):
    assert Money.from_decimal(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    "text",
    ["", ".", "-", "1.", ".5", "+1", "1,5", "1e3", " 1", "1 ", "--1", "0x1", "1.-5", "NaN", "Infinity", "١٢", "1_000"],
)
def test_what_is_no_plain_decimal_is_refused(text):
    with pytest.raises(ValueError, match="decimal"):
        Money.from_decimal(text, "EUR")


@pytest.mark.parametrize(("text", "currency"), [("1.005", "EUR"), ("0.5", "JPY"), ("1.2345", "KWD"), ("0.0001", "EUR")])
def test_what_is_finer_than_the_minor_unit_is_refused_and_not_rounded(text, currency):
    with pytest.raises(ValueError, match="finer"):
        Money.from_decimal(text, currency)


@given(HALVES, HALVES, CURRENCIES)
def test_adding_and_taking_away_are_exact(one, other, currency):
    first, second = Money(one, currency), Money(other, currency)
    assert (first + second).amount == one + other
    assert first + second - second == first
    assert first - second == -(second - first)
    assert first + -first == Money(0, currency)


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), CURRENCIES)
def test_so_often_is_adding_so_often(amount, quantity, currency):
    assert Money(amount, currency).times(quantity).amount == amount * quantity


def test_currencies_do_not_mix():
    euro, dollar = Money(1, "EUR"), Money(1, "USD")
    with pytest.raises(ValueError, match="don't add up"):
        _ = euro + dollar
    with pytest.raises(ValueError, match="don't add up"):
        _ = euro - dollar
    assert euro != dollar


@pytest.mark.parametrize("amount", [1.0, 0.1, True, False, "1", None, Decimal(1)])
def test_only_an_integer_is_an_amount(amount):
    with pytest.raises(TypeError, match="integer"):
        Money(amount, "EUR")


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "XTS", "BTC"])
def test_only_known_currencies_are_taken(currency):
    with pytest.raises(ValueError, match="currency"):
        Money(1, currency)
    with pytest.raises(ValueError, match="currency"):
        Money.from_decimal("1", currency)


def test_an_amount_has_an_end_and_sums_meet_it_too():
    most = Money(AMOUNT_MAX, "EUR")
    for beyond in (AMOUNT_MAX + 1, -AMOUNT_MAX - 1):
        with pytest.raises(ValueError, match="too large"):
            Money(beyond, "EUR")
    with pytest.raises(ValueError, match="too large"):
        _ = most + Money(1, "EUR")
    with pytest.raises(ValueError, match="too large"):
        most.times(2)


@given(st.integers(0, AMOUNT_MAX), WEIGHTS, CURRENCIES)
def test_a_split_loses_nothing_and_is_fair_to_the_minor_unit(amount, weights, currency):
    shares = Money(amount, currency).allocate(weights)
    assert sum(share.amount for share in shares) == amount
    assert {share.currency for share in shares} == {currency}
    total = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.amount * total - amount * weight) < total, "less than one minor unit from the exact share"
        if weight == 0:
            assert share.amount == 0


@given(st.integers(0, AMOUNT_MAX), WEIGHTS)
def test_the_largest_remainders_get_what_is_left_and_ties_go_to_the_earlier(amount, weights):
    shares = [share.amount for share in Money(amount, "EUR").allocate(weights)]
    total = sum(weights)
    extra = [share - amount * weight // total for share, weight in zip(shares, weights, strict=True)]
    assert set(extra) <= {0, 1}
    ranked = sorted(range(len(weights)), key=lambda index: (-(amount * weights[index] % total), index))
    assert [extra[index] for index in ranked] == sorted(extra, reverse=True)


@given(st.integers(0, 10**9), st.integers(1, 20))
def test_an_even_split_differs_by_one_at_most_the_earlier_first(amount, parts):
    shares = [share.amount for share in Money(amount, "EUR").allocate([1] * parts)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1


def test_a_tie_goes_to_the_earlier_share():
    assert [share.amount for share in Money(5, "EUR").allocate([1, 1])] == [3, 2]
    assert [share.amount for share in Money(1, "EUR").allocate([1, 1, 1])] == [1, 0, 0]
    assert [share.amount for share in Money(10, "EUR").allocate([1, 2])] == [3, 7]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=4), st.data())
def test_parts_taken_from_what_is_left_reach_exactly_nothing(amount, weights, data):
    """As refunds do: each part is split over what is left of each share; no share ever goes below zero."""
    assume(any(weights))
    left = [share.amount for share in Money(amount, "EUR").allocate(weights)]
    while sum(left):
        part = data.draw(st.integers(1, sum(left)))
        taken = [share.amount for share in Money(part, "EUR").allocate(left)]
        left = [have - take for have, take in zip(left, taken, strict=True)]
        assert min(left) >= 0
    assert left == [0] * len(weights)


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [-1], [2, -1]])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Money(5, "EUR").allocate(weights)


def test_a_debt_is_not_split():
    with pytest.raises(ValueError, match="negative"):
        Money(-5, "EUR").allocate([1])
