"""What a notification is about, whatever Google adds to it."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.providers.google_play import notifications
from cleanly.platform.providers.protocol import VerifiedEvent

TOKEN = "x" * 40
SUBSCRIPTION = {"version": "1.0", "notificationType": 2, "purchaseToken": TOKEN}


def envelope(inside: Any, **changed: Any) -> bytes:
    message = {"data": base64.b64encode(json.dumps(inside).encode()).decode(), "messageId": "136969346945", **changed}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def inside(**told: Any) -> dict[str, Any]:
    return {"version": "1.0", "packageName": "com.example.app", "eventTimeMillis": "1790000000123", **told}


def read(told: Any, **changed: Any) -> VerifiedEvent:
    return notifications.event(envelope(told, **changed), is_live=True, verified_with="push:x")


# Source: https://developer.android.com/google/play/billing/rtdn-reference
SUBSCRIPTION_WORDS = {
    1: "RECOVERED",
    2: "RENEWED",
    3: "CANCELED",
    4: "PURCHASED",
    5: "ON_HOLD",
    6: "IN_GRACE_PERIOD",
    7: "RESTARTED",
    8: "PRICE_CHANGE_CONFIRMED",
    9: "DEFERRED",
    10: "PAUSED",
    11: "PAUSE_SCHEDULE_CHANGED",
    12: "REVOKED",
    13: "EXPIRED",
    17: "ITEMS_CHANGED",
    18: "CANCELLATION_SCHEDULED",
    19: "PRICE_CHANGE_UPDATED",
    20: "PENDING_PURCHASE_CANCELED",
    22: "PRICE_STEP_UP_CONSENT_UPDATED",
    99: "99",
}


@pytest.mark.parametrize(("number", "word"), [(n, f"SUBSCRIPTION_{word}") for n, word in SUBSCRIPTION_WORDS.items()])
def test_a_subscriptions_news_has_googles_word_or_its_number(number, word):
    event = read(inside(subscriptionNotification={**SUBSCRIPTION, "notificationType": number}))
    assert (event.type, event.kind, event.object, event.id) == (word, "subscription", TOKEN, "136969346945")
    assert (event.is_live, event.api_version) == (True, "1.0")
    assert event.created_at.isoformat() == "2026-09-21T14:13:20.123000+00:00"


@pytest.mark.parametrize(("number", "word"), [(1, "PURCHASED"), (2, "CANCELED"), (3, "3")])
def test_a_one_time_products_news_is_of_a_purchase(number, word):
    told = {"version": "1.0", "notificationType": number, "purchaseToken": TOKEN, "sku": "coins"}
    event = read(inside(oneTimeProductNotification=told))
    assert (event.type, event.kind, event.object) == (f"ONE_TIME_PRODUCT_{word}", "purchase", TOKEN)


def test_what_stands_between_base64_is_not_overlooked():
    good = json.loads(envelope(inside(testNotification={"version": "1.0"})))["message"]["data"]
    with pytest.raises(ValueError, match="base64"):
        read({}, data=f"{good[:8]}%{good[8:]}")


def test_names_have_a_longest_length():
    told = inside(subscriptionNotification={**SUBSCRIPTION, "purchaseToken": "x" * 1024})
    assert len(read(told, messageId="1" * 255).id) == 255
    with pytest.raises(ValueError, match="short"):
        read(told, messageId="1" * 256)


@pytest.mark.parametrize(("number", "kind"), [(1, "subscription"), (2, "purchase"), (3, "other")])
def test_what_was_voided_is_of_the_kind_that_was_bought(number, kind):
    told = {"purchaseToken": TOKEN, "orderId": "GPA.1", "productType": number, "refundType": 1}
    event = read(inside(voidedPurchaseNotification=told))
    assert (event.type, event.kind, event.object) == ("VOIDED_PURCHASE", kind, TOKEN)


def test_news_of_a_kind_that_is_new_is_about_nothing():
    event = read(inside(refundReviewNotification={"purchaseToken": TOKEN}))
    assert (event.type, event.kind, event.object) == ("UNKNOWN", "other", "")


def test_news_of_another_app_is_of_another_account():
    assert (
        read({**inside(testNotification={"version": "1.0"}), "packageName": "com.example.b"}).account == "com.example.b"
    )


def test_a_number_may_come_as_a_number():
    told = {**inside(testNotification={"version": "1.0"}), "eventTimeMillis": 1790000000123}
    assert read(told).created_at == read(inside(testNotification={})).created_at


@pytest.mark.parametrize(
    "told",
    [
        [],
        "text",
        {},
        inside(),
        inside(subscriptionNotification=SUBSCRIPTION, testNotification={"version": "1.0"}),
        inside(subscriptionNotification={}),
        inside(subscriptionNotification="x"),
        inside(subscriptionNotification={**SUBSCRIPTION, "notificationType": "2"}),
        inside(subscriptionNotification={**SUBSCRIPTION, "notificationType": True}),
        inside(subscriptionNotification={**SUBSCRIPTION, "purchaseToken": ""}),
        inside(subscriptionNotification={**SUBSCRIPTION, "purchaseToken": "x" * 1025}),
        inside(subscriptionNotification={**SUBSCRIPTION, "purchaseToken": "a\0b"}),
        inside(subscriptionNotification={**SUBSCRIPTION, "purchaseToken": "ä"}),
        inside(voidedPurchaseNotification={"purchaseToken": TOKEN}),
        {**inside(testNotification={}), "packageName": 5},
        {**inside(testNotification={}), "eventTimeMillis": "soon"},
        {**inside(testNotification={}), "eventTimeMillis": True},
        {**inside(testNotification={}), "eventTimeMillis": 10**30},
    ],
)
def test_what_is_no_notification_is_not_guessed_at(told):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        read(told)


@pytest.mark.parametrize("changed", [{"data": "%%%"}, {"data": None}, {"messageId": ""}, {"messageId": 5}])
def test_an_envelope_must_be_whole(changed):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        read(inside(testNotification={"version": "1.0"}), **changed)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    ["version", "packageName", "eventTimeMillis", "subscriptionNotification", "voidedPurchaseNotification", "x"]
)


@given(_JSON | st.dictionaries(_NAMES, _JSON))
def test_any_json_is_read_or_refused_and_nothing_else(told):
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        assert read(told).provider == "google_play"
