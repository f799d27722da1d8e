"""Billing against the vendor's own data: every key that we send is in the SDK's types, every fixture is read."""

import typing
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import stripe as sdk
from stripe import params

from cleanly.kernel.money import Money
from cleanly.platform.providers.billing import NewSubscription, Terms
from cleanly.platform.providers.errors import Refused, Unknown
from cleanly.platform.providers.stripe import billing_snapshots as snapshots
from cleanly.platform.providers.stripe import events
from tests.platform.providers.contract import our_id
from tests.platform.providers.stripe.test_specs import known, resources

__all__ = ["resources"]
TYPES = {
    ("GET", "prices"): params.PriceListParams,
    ("GET", "prices/*"): params.PriceRetrieveParams,
    ("POST", "prices"): params.PriceCreateParams,
    ("POST", "customers"): params.CustomerCreateParams,
    ("GET", "customers/search"): params.CustomerSearchParams,
    ("POST", "ephemeral_keys"): params.EphemeralKeyCreateParams,
    ("POST", "subscriptions"): params.SubscriptionCreateParams,
    ("GET", "subscriptions/*"): params.SubscriptionRetrieveParams,
    ("GET", "subscriptions/search"): params.SubscriptionSearchParams,
    ("POST", "subscriptions/*"): params.SubscriptionUpdateParams,
    ("DELETE", "subscriptions/*"): params.SubscriptionCancelParams,
    ("GET", "invoices"): params.InvoiceListParams,
    ("POST", "invoices/create_preview"): params.InvoiceCreatePreviewParams,
    ("GET", "payment_intents"): params.PaymentIntentListParams,
    ("POST", "subscription_schedules"): params.SubscriptionScheduleCreateParams,
    ("POST", "subscription_schedules/*"): params.SubscriptionScheduleUpdateParams,
    ("POST", "subscription_schedules/*/release"): params.SubscriptionScheduleReleaseParams,
}


def terms(number: int, amount: int) -> Terms:
    money = Money(amount, "EUR")
    return Terms(price_id=our_id(number), money=money, interval="month", interval_count=1, name="The Daily")


def pattern(path: str) -> str:
    kind, *rest = path.removeprefix("/v1/").split("/")
    return "/".join([kind, *("*" if "_" in part and part != "create_preview" else part for part in rest)])


async def begun(stripe: Any, number: int, *, trial_days: int | None = None) -> str:
    customer = await stripe.ensure_customer(our_id(9), "ada@example.com", key="customer:9:1")
    new = NewSubscription(our_id=our_id(number), customer=customer, terms=terms(1, 900), trial_days=trial_days)
    made = await stripe.billing.create_subscription(new, key=f"subscribe:{number}:1")
    return str(made.reference)


async def test_every_key_that_we_send_is_in_the_sdks_types(stripe, wire, clock):
    billing, customer = stripe.billing, None
    trial = await begun(stripe, 2, trial_days=7)
    first = await begun(stripe, 3)
    customer = wire.objects[first]["customer"]
    words = [await billing.client_parameters(one, customer=customer) for one in (trial, first)]
    assert ["setupIntentClientSecret" in words[0], "clientSecret" in words[1]] == [True, True]
    wire.confirm(first)
    clock.move(days=10)
    now = clock.now().replace(microsecond=0)
    assert (await billing.preview_change(first, terms(4, 1800), at=now)).due.amount > 0
    await billing.change_subscription(first, terms(4, 1800), change_id=our_id(5), at=now, key="price:5:1")
    await billing.change_subscription(first, terms(1, 900), change_id=our_id(6), at=None, key="price:6:1")
    await billing.pause_subscription(first, key="pause:7:1")
    clock.move(days=30)
    assert (await billing.resume_subscription(first, key="resume:8:1")).state == "active"
    await billing.cancel_subscription(first, at_period_end=True, key="cancel_at_period_end:9:1")
    await billing.resume_subscription(first, key="resume:10:1")
    with pytest.raises(Refused):
        await billing.resume_subscription(first, key="resume:11:1")
    for _ in range(2):
        assert (await billing.cancel_subscription(first, at_period_end=False, key="cancel:12:1")).state == "canceled"
    found = await billing.find_subscription(our_id(3))
    assert (found.reference, [one.kind for one in found.paid]) == (first, ["cycle", "change", "cycle"])

    unknown = []
    for call in wire.calls:
        sent = call.body if call.method == "POST" else call.query
        unknown += [f"{call.path}: {key}" for key in sent if not known(TYPES[call.method, pattern(call.path)], key)]
    assert unknown == []
    assert {(call.method, pattern(call.path)) for call in wire.calls} == set(TYPES)


async def test_a_look_that_cannot_be_made_changes_nothing_and_one_after_a_change_is_in_doubt(stripe, wire):
    reference = await begun(stripe, 3)
    wire.confirm(reference)
    wire.objects[reference]["items"]["data"] *= 2  # something was added in the dashboard
    with pytest.raises(Unknown):
        await stripe.billing.get_subscription(reference)


def test_every_state_that_stripe_may_send_is_known():
    said = sdk.Subscription.__annotations__["status"]
    words = {word for part in typing.get_args(said) for word in (typing.get_args(part) or (part,))}
    assert {word for word in words if isinstance(word, str)} == set(snapshots._STATES)


def test_a_subscription_is_read(resources):
    price = resources["price"]["id"]
    it = resources["subscription"] | {"schedule": None}
    found = snapshots.subscription(it, (), prices={price: our_id(1)}, intents={})
    assert (found.state, found.price_id, found.paid) == ("paused", our_id(1), ())  # its collection rests
    assert found.cancel_at_period_end
    going = snapshots.subscription(it | {"pause_collection": None}, (), prices={price: our_id(1)}, intents={})
    assert (going.state, going.our_id) == ("active", None)


def test_an_invoice_is_read(resources):
    """As far as the example goes: it was not paid."""
    assert snapshots.intent_of(resources["invoice"]) is None
    line = resources["line_item"] | {"pricing": {"price_details": {"price": resources["price"]["id"]}}}
    invoice = resources["invoice"] | {
        "status": "paid",
        "amount_paid": 1000,
        "lines": {"data": [line]},
        "payments": {"data": [resources["invoice_payment"] | {"payment": {"payment_intent": "pi_1"}}]},
    }
    it = resources["subscription"] | {"schedule": None, "pause_collection": None}
    prices: dict[str, UUID] = {resources["price"]["id"]: our_id(1)}
    found = snapshots.subscription(it, [invoice], prices=prices, intents={"pi_1": {"latest_charge": "ch_1"}})
    [paid] = found.paid
    assert (paid.reference, paid.charge, paid.money) == ("pi_1", "ch_1", Money(1000, "USD"))


async def test_news_of_an_invoice_is_news_of_its_subscription(stripe, wire, clock):
    reference = await begun(stripe, 3)
    wire.confirm(reference)
    told = [
        events.event(it, account="test", is_live=False, verified_with="list")
        for it in wire.events
        if it["type"].startswith(("invoice.", "customer.subscription."))
    ]
    assert {(one.kind, one.object, one.our_id) for one in told} == {("subscription", reference, our_id(3))}
    stray = {"id": "in_1", "object": "invoice", "parent": None}
    it = {"id": "evt_1", "object": "event", "type": "invoice.paid", "livemode": False, "data": {"object": stray}}
    created = int((clock.now() - timedelta(days=1)).timestamp())
    assert events.event(it | {"created": created}, account="test", is_live=False, verified_with="x").kind == "other"
