"""PayPal Subscriptions: what its objects mean, and what is sent. No vendor's specification of them is at hand."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel.money import Money
from cleanly.platform.providers.billing import NewSubscription, Terms
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.paypal import billing_bodies as bodies
from cleanly.platform.providers.paypal import billing_snapshots as snapshots
from cleanly.platform.providers.paypal import events
from cleanly.platform.providers.paypal.billing_snapshots import Plan
from tests.platform.providers.contract import our_id

START = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
MONTHLY = Plan(our_id(1), "month", 1, 0)


def terms(**changed: Any) -> Terms:
    told: dict[str, Any] = {
        "price_id": our_id(1),
        "money": Money(900, "EUR"),
        "interval": "month",
        "interval_count": 1,
        "name": "The Daily",
    }
    return Terms(**told | changed)


def it(status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "I-1",
        "status": status,
        "status_update_time": "2027-06-01T00:00:00Z",
        "custom_id": str(our_id(2)),
        "start_time": START.isoformat(),
        "billing_info": {"failed_payments_count": 0},
    } | more


def paid(*at: datetime, status: str = "COMPLETED") -> list[dict[str, Any]]:
    amount = {"gross_amount": {"currency_code": "EUR", "value": "9.00"}}
    return [
        {"id": f"S-{number}", "status": status, "time": one.isoformat(), "amount_with_breakdown": amount}
        for number, one in enumerate(at)
    ]


def starts(found: Any) -> list[str]:
    return [f"{one.period_start:%Y-%m-%d}" for one in found.paid]


def test_the_last_of_january_survives_february_at_whatever_hour_paypal_bills():
    times = [START, *(datetime(2027, month, day, 10, tzinfo=UTC) for month, day in ((2, 28), (3, 31), (4, 30)))]
    now = datetime(2027, 5, 1, tzinfo=UTC)
    found = snapshots.subscription(it("ACTIVE"), MONTHLY, paid(*times), now=now)
    assert starts(found) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    assert (found.state, f"{found.paid_until:%Y-%m-%d}") == ("active", "2027-05-31")


def test_a_leap_day_comes_back_when_there_is_one():
    begun = datetime(2028, 2, 29, 9, tzinfo=UTC)
    yearly, years = Plan(our_id(1), "year", 1, 0), (2028, 2029, 2030, 2031, 2032)
    times = [yearly.start(begun, number) for number in range(5)]
    found = snapshots.subscription(
        it("ACTIVE", start_time=begun.isoformat()), yearly, paid(*times), now=times[-1] + timedelta(days=1)
    )
    assert starts(found) == [f"{year}-02-{29 if year % 4 == 0 else 28}" for year in years]


def test_a_clock_that_is_set_forward_moves_no_period():
    """In Paris the hour is lost on 28 March 2027; PayPal's times are UTC, and told with any offset."""
    begun = datetime(2027, 3, 27, 23, 30, tzinfo=UTC)
    daily = Plan(our_id(1), "day", 1, 0)
    told = ["2027-03-28T00:30:00+01:00", "2027-03-29T01:30:00+02:00"]
    found = snapshots.subscription(
        it("ACTIVE", start_time=begun.isoformat()),
        daily,
        paid(*map(datetime.fromisoformat, told)),
        now=begun + timedelta(days=1),
    )
    assert [one.period_start for one in found.paid] == [begun, begun + timedelta(days=1)]


@given(st.lists(st.integers(0, 400), max_size=8), st.sampled_from(["week", "month"]), st.randoms())
def test_no_two_payments_pay_the_same_period_in_whatever_order_they_are_told(days, interval: Any, chance):
    plan = Plan(our_id(1), interval, 1, 0)
    told = paid(*(START + timedelta(days=day) for day in days))
    mixed = list(told)
    chance.shuffle(mixed)
    now = START + timedelta(days=500)
    found = snapshots.subscription(it("ACTIVE"), plan, told, now=now)
    assert found == snapshots.subscription(it("ACTIVE"), plan, mixed, now=now)
    periods = [one.period_start for one in found.paid]
    assert periods == sorted(set(periods))
    assert all(one.period_end > one.period_start for one in found.paid)


@pytest.mark.parametrize(
    ("status", "fails", "has_paid", "state"),
    [
        ("APPROVAL_PENDING", 0, False, "incomplete"),
        ("APPROVED", 0, False, "incomplete"),
        ("ACTIVE", 0, False, "incomplete"),  # approved, and the first payment is on its way
        ("ACTIVE", 0, True, "active"),
        ("ACTIVE", 1, True, "past_due"),
        ("SUSPENDED", 0, True, "paused"),
        ("SUSPENDED", 2, True, "unpaid"),
        ("CANCELLED", 0, True, "active"),  # until what is paid is used up
        ("CANCELLED", 0, False, "canceled"),
        ("EXPIRED", 0, True, "expired"),
    ],
)
def test_every_state_of_paypal_s(status: str, fails: int, has_paid: bool, state: str):
    told = it(status, billing_info={"failed_payments_count": fails})
    found = snapshots.subscription(told, MONTHLY, paid(START) if has_paid else [], now=START + timedelta(days=3))
    assert found.state == state
    assert found.cancel_at_period_end == (status == "CANCELLED" and has_paid)
    late = snapshots.subscription(told, MONTHLY, paid(START) if has_paid else [], now=START + timedelta(days=30))
    assert (late.state == "canceled") == (status == "CANCELLED")


def test_a_state_that_nobody_knows_is_no_guess():
    with pytest.raises(ValueError, match="nobody here knows"):
        snapshots.subscription(it("RESTING"), MONTHLY, [], now=START)


def test_what_was_declined_or_is_pending_pays_nothing_and_what_was_given_back_did():
    for status, count in (("DECLINED", 0), ("PENDING", 0), ("REFUNDED", 1), ("PARTIALLY_REFUNDED", 1)):
        found = snapshots.subscription(it("ACTIVE"), MONTHLY, paid(START, status=status), now=START)
        assert len(found.paid) == count, status


@pytest.mark.parametrize("trial_days", [None, 14])
def test_a_plan_is_read_as_it_was_made(trial_days: int | None):
    made = bodies.new_plan(terms(interval="week", interval_count=2), trial_days)
    assert snapshots.plan(made) == Plan(our_id(1), "week", 2, trial_days or 0)
    assert [one["sequence"] for one in made["billing_cycles"]] == list(range(1, len(made["billing_cycles"]) + 1))
    assert len(bodies.product_id(our_id(1))) <= 50


async def test_a_plan_is_made_once_for_each_length_of_trial(paypal, wire):
    for number, days in enumerate((None, 14, None, 14)):
        new = NewSubscription(our_id=our_id(number + 1), customer=None, terms=terms(), trial_days=days)
        made = await paypal.billing.create_subscription(new, key=f"subscribe:{number}:1")
        assert (made.state, made.our_id) == ("incomplete", our_id(number + 1))
    assert len(wire.plans) == 2
    words = await paypal.billing.client_parameters(made.reference, customer=None)
    assert words.keys() == {"subscriptionId", "approveUrl"}
    assert await paypal.billing.find_subscription(our_id(1)) is None


async def test_what_it_cannot_do_it_refuses(paypal, clock):
    with pytest.raises(Refused):
        await paypal.billing.preview_change("I-1", terms(), at=clock.now())
    with pytest.raises(Refused):
        await paypal.billing.change_subscription("I-1", terms(), change_id=our_id(3), at=None, key="price:3:1")


@pytest.mark.parametrize(("agreement", "kind"), [("I-1", "subscription"), (None, "other")])
def test_news_of_a_sale_is_news_of_its_subscription(agreement: str | None, kind: Literal["subscription", "other"]):
    told = {
        "id": "WH-1",
        "event_type": "PAYMENT.SALE.COMPLETED",
        "resource_type": "sale",
        "create_time": "2027-01-31T10:00:00Z",
        "resource": {"id": "S-1"} | ({"billing_agreement_id": agreement} if agreement else {}),
    }
    found = events.event(told, account="sandbox", is_live=False, verified_with="x")
    assert (found.kind, found.object) == (kind, agreement or "")
