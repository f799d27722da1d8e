"""Whatever Google answers is read or can't be read; what is new in it changes nothing."""

import copy
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.providers.errors import Unknown
from cleanly.platform.providers.google_play import snapshots
from cleanly.platform.providers.purchases import Order, ProductPurchase, SubscriptionPurchase, VoidedPurchase
from cleanly.platform.providers.reading import reading

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SUBSCRIPTION: dict[str, Any] = {
    "regionCode": "DE",
    "startTime": "2026-11-01T00:00:00Z",
    "subscriptionState": "SUBSCRIPTION_STATE_CANCELED",
    "acknowledgementState": "ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED",
    "canceledStateContext": {"userInitiatedCancellation": {"cancelTime": "2026-11-20T00:00:00.123456789Z"}},
    "externalAccountIdentifiers": {"obfuscatedExternalAccountId": "a"},
    "lineItems": [
        {
            "productId": "premium",
            "expiryTime": "2026-12-01T00:00:00Z",
            "latestSuccessfulOrderId": "GPA.1..3",
            "offerDetails": {"basePlanId": "monthly", "offerId": "spring"},
            "offerPhase": {"freeTrial": {}},
            "autoRenewingPlan": {"recurringPrice": {"currencyCode": "EUR", "units": "9", "nanos": 990000000}},
        }
    ],
}
PRODUCT: dict[str, Any] = {
    "purchaseStateContext": {"purchaseState": "PURCHASED"},
    "acknowledgementState": "ACKNOWLEDGEMENT_STATE_PENDING",
    "obfuscatedExternalAccountId": "a",
    "orderId": "GPA.1",
    "purchaseCompletionTime": "2026-11-01T00:00:00Z",
    "productLineItem": [{"productId": "coins", "productOfferDetails": {"quantity": 2, "refundableQuantity": 1}}],
}
ORDER: dict[str, Any] = {
    "orderId": "GPA.1",
    "purchaseToken": "t",
    "state": "REFUNDED",
    "createTime": "2026-11-01T00:00:00Z",
    "total": {"currencyCode": "EUR", "units": "9"},
}
VOIDED: dict[str, Any] = {
    "purchaseToken": "t",
    "orderId": "GPA.1",
    "purchaseTimeMillis": "1790000000123",
    "voidedTimeMillis": "1790000000123",
    "voidedReason": 7,
    "voidedSource": 2,
}
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def read(it: dict[str, Any]) -> SubscriptionPurchase | ProductPurchase | Order | VoidedPurchase:
    with reading("it"):
        if "lineItems" in it:
            return snapshots.subscription(it, token="t", now=NOW)
        if "productLineItem" in it:
            return snapshots.product(it, token="t")
        return snapshots.order(it) if "state" in it else snapshots.voided(it)


def places(it: Any) -> list[tuple[Any, Any]]:
    """Every place in it at which something stands."""
    inside = list(it.items()) if isinstance(it, dict) else list(enumerate(it)) if isinstance(it, list) else []
    return [(it, name) for name, _ in inside] + [place for _, value in inside for place in places(value)]


_ANY = st.sampled_from([SUBSCRIPTION, PRODUCT, ORDER, VOIDED])


@given(_ANY, st.data(), _JSON)
def test_whatever_stands_wherever_it_is_read_or_tells_nothing(whole, data, instead):
    it = copy.deepcopy(whole)
    where, name = data.draw(st.sampled_from(places(it)))
    where[name] = instead
    with suppress(Unknown):
        assert read(it) is not None


@given(_ANY, st.data(), st.text(min_size=1).map(lambda name: f"new_{name}"), _JSON)
def test_a_field_that_is_new_changes_nothing(whole, data, name, value):
    it = copy.deepcopy(whole)
    objects = [it, *(inner for where, key in places(it) if isinstance(inner := where[key], dict))]
    data.draw(st.sampled_from(objects))[name] = value
    assert read(it) == read(whole)


def test_nanoseconds_are_cut_and_renewals_orders_kept():
    seen = read(SUBSCRIPTION)
    assert isinstance(seen, SubscriptionPurchase)
    assert seen.canceled_at == datetime(2026, 11, 20, 0, 0, 0, 123456, tzinfo=UTC)
    assert (seen.order_id, seen.state, seen.cancel_at_period_end) == ("GPA.1..3", "trialing", True)
    [item] = seen.items
    assert (item.offer, item.renews) == ("spring", False)


@pytest.mark.parametrize("number", range(10))
def test_a_voided_purchase_tells_why_and_by_whom(number):
    reasons = ("other", "remorse", "not_received", "defective", "accidental_purchase", "fraud", "friendly_fraud")
    why = dict(enumerate((*reasons, "chargeback", "unacknowledged")))
    seen = read({**VOIDED, "voidedReason": number, "voidedSource": number})
    assert isinstance(seen, VoidedPurchase)
    assert seen.because == why.get(number)
    assert seen.voided_by == {0: "user", 1: "developer", 2: "google"}.get(number)


def test_what_is_left_out_of_a_voided_purchase_is_the_first_of_its_kind():
    seen = read({name: it for name, it in VOIDED.items() if name not in {"voidedReason", "voidedSource"}})
    assert isinstance(seen, VoidedPurchase)
    assert (seen.because, seen.voided_by) == ("other", "user")


def test_an_empty_name_and_one_that_is_none_are_not_told():
    for nothing in ("", 5, None, ["DE"]):
        seen = read({**PRODUCT, "regionCode": nothing})
        assert isinstance(seen, ProductPurchase)
        assert seen.region is None
