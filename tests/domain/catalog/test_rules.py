"""The pure rules: names, terms, fees, and what providers say of an amount."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.catalog import rules
from cleanly.kernel.money import EXPONENTS, Money

CURRENCIES = st.sampled_from(sorted(EXPONENTS))


@given(st.text(max_size=300))
def test_a_name_in_its_normal_form_is_left_as_it_is(text):
    try:
        name = rules.normal_name(text)
    except ValueError:
        return
    assert name
    assert rules.normal_name(name) == name
    assert "\n" not in name


@given(st.text(max_size=300))
def test_a_description_in_its_normal_form_is_left_as_it_is(text):
    try:
        described = rules.normal_description(text)
    except ValueError:
        return
    assert rules.normal_description(described) == described
    assert "\r" not in described


@given(st.dictionaries(CURRENCIES, st.integers(0, rules.UNIT_AMOUNT_MAX)))
def test_fixed_fees_are_read_as_they_are_written(fixed):
    assert rules.fixed_fees([f"{currency}:{amount}" for currency, amount in fixed.items()]) == fixed


@given(
    type_=st.sampled_from(["one_time", "recurring"]),
    interval=st.none() | st.sampled_from(["day", "week", "month", "year"]),
    interval_count=st.none() | st.integers(1, 365),
    trial_days=st.none() | st.integers(1, 730),
    plan_group=st.none() | st.just("membership"),
)
def test_terms_are_whole_or_refused(type_, interval, interval_count, trial_days, plan_group):
    fault = rules.fault_of_terms(
        type_, interval=interval, interval_count=interval_count, trial_days=trial_days, plan_group=plan_group
    )
    if type_ == "one_time":
        is_whole = (interval, interval_count, trial_days, plan_group) == (None, None, None, None)
    else:
        is_whole = interval is not None and plan_group is not None
        if interval is not None:
            is_whole = (
                is_whole and (interval_count or 1) * {"day": 1, "week": 7, "month": 30, "year": 365}[interval] <= 366
            )
    assert (fault is None) == is_whole


@dataclass(frozen=True)
class Table:
    provider: str
    currencies: frozenset[str]
    multiple: int = 1

    def supports(self, currency: str) -> bool:
        return currency in self.currencies

    def charges(self, money: Money) -> bool:
        return money.currency in self.currencies and money.amount % self.multiple == 0


BOTH = frozenset({"EUR", "HUF"})


@pytest.mark.parametrize(
    ("money", "tables", "refusal"),
    [
        (Money(150, "HUF"), (), None),
        (Money(150, "HUF"), (Table("a", BOTH),), None),
        (Money(150, "HUF"), (Table("a", BOTH), Table("b", BOTH, 100)), "b can't charge exactly 1.50 HUF"),
        (Money(150, "HUF"), (Table("a", BOTH, 100), Table("b", BOTH, 100)), "a and b can't charge exactly 1.50 HUF"),
        (Money(200, "HUF"), (Table("a", BOTH), Table("b", BOTH, 100)), None),
        (Money(150, "KWD"), (Table("a", BOTH), Table("b", frozenset({"KWD"}))), None),
        (Money(150, "KWD"), (Table("a", BOTH), Table("b", BOTH)), "No payment provider here charges KWD"),
    ],
)
def test_a_provider_that_has_the_currency_must_charge_the_amount_exactly(money, tables, refusal):
    assert rules.why_not_chargeable(money, tables) == refusal
