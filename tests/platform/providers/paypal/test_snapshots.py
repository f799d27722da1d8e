"""Orders in every state of theirs; and that a state nobody knows is not guessed."""

import pytest

from cleanly.platform.providers.errors import Unknown
from cleanly.platform.providers.paypal import orders, snapshots

MONEY = {"currency_code": "EUR", "value": "100.00"}


def order(status: str = "COMPLETED", **payments: object):
    unit = {"amount": MONEY, "payments": payments}
    return orders.read({"id": "O1", "status": status, "purchase_units": [unit]})


def capture(status: str, value: str = "100.00", **more: object):
    return {"id": f"C{status}", "status": status, "amount": {**MONEY, "value": value}, **more}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("CREATED", "requires_action"),
        ("SAVED", "requires_action"),
        ("PAYER_ACTION_REQUIRED", "requires_action"),
        ("APPROVED", "requires_action"),
        ("VOIDED", "canceled"),
    ],
)
def test_an_order_without_payments_is_its_status(status, state):
    seen = order(status)
    assert (seen.state, seen.captured, seen.charge, seen.decline_code) == (state, 0, None, None)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("COMPLETED", "captured"),
        ("PARTIALLY_REFUNDED", "captured"),
        ("REFUNDED", "captured"),
        ("PENDING", "processing"),
        ("DECLINED", "failed"),
        ("FAILED", "failed"),
    ],
)
def test_a_capture_tells_more_than_the_order(status, state):
    seen = order("COMPLETED", captures=[capture(status)])
    assert (seen.state, seen.captured) == (state, 10_000 if state == "captured" else 0)
    assert (seen.decline_code is not None) is (state == "failed")


@pytest.mark.parametrize(
    ("status", "state"),
    [("CREATED", "authorized"), ("PENDING", "processing"), ("DENIED", "failed"), ("VOIDED", "canceled")],
)
def test_an_authorization_tells_more_than_the_order(status, state):
    assert order("COMPLETED", authorizations=[capture(status)]).state == state


def test_a_capture_tells_more_than_its_authorization():
    seen = order(authorizations=[capture("CAPTURED")], captures=[capture("COMPLETED", "70.00")])
    assert (seen.state, seen.captured, seen.money.amount) == ("captured", 7000, 10_000)


def test_money_that_moved_hides_the_attempts_that_failed():
    seen = order(captures=[capture("DECLINED"), capture("COMPLETED")])
    assert (seen.state, seen.charge) == ("captured", "CCOMPLETED")
    assert order(captures=[capture("DECLINED"), capture("PENDING")]).charge == "CPENDING"


def test_a_decline_says_why():
    seen = order(captures=[capture("DECLINED", processor_response={"response_code": "5120"})])
    assert seen.decline_code == "5120"
    assert order(captures=[capture("DECLINED", status_details={"reason": "X"})]).decline_code == "X"


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "COMPLETED"},
        {"status": "BRAND_NEW"},
        {"status": "COMPLETED", "captures": [capture("BRAND_NEW")]},
        {"status": "COMPLETED", "captures": [capture("COMPLETED", "1.001")]},
        {"status": "COMPLETED", "captures": [capture("COMPLETED", "x")]},
        {"status": "COMPLETED", "authorizations": [capture("CAPTURED")]},
    ],
)
def test_what_is_not_known_is_not_guessed(broken):
    with pytest.raises(Unknown):
        order(**broken)


def test_a_capture_in_another_currency_is_not_added():
    with pytest.raises(Unknown):
        order(captures=[{**capture("COMPLETED"), "amount": {"currency_code": "USD", "value": "100.00"}}])


@pytest.mark.parametrize(
    ("it", "found"),
    [
        ({"supplementary_data": {"related_ids": {"order_id": "O1"}}}, "O1"),
        ({"links": [{"rel": "up", "href": "https://api-m.paypal.com/v2/checkout/orders/O1"}]}, "O1"),
        ({"links": [{"rel": "self", "href": "https://api-m.paypal.com/v2/checkout/orders/O1"}]}, None),
        ({"links": [{"rel": "up", "href": "https://api-m.paypal.com/v2/payments/authorizations/A1"}]}, None),
        ({}, None),
    ],
)
def test_the_order_of_a_capture_is_told_in_two_ways(it, found):
    assert snapshots.order_of(it) == found
