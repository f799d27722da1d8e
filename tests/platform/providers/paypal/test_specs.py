"""Against the vendor's specifications: the bodies that we send are valid, the states and the examples are known."""

import json
import pathlib
from typing import Any

import jsonschema_rs
import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.paypal import bodies, payouts, snapshots
from cleanly.platform.providers.paypal.faults import _DECLINES, _MAYBE
from cleanly.platform.providers.protocol_sellers import NewPayout
from tests.platform.providers.contract import our_id
from tests.platform.providers.paypal.conftest import settings
from tests.platform.providers.paypal.test_calls import new, paid

SPECS = pathlib.Path(__file__).parents[5] / "shared" / "specs" / "paypal"
EUR = Money(10_000, "EUR")


def spec(name: str) -> dict[str, Any]:
    path = SPECS / f"{name}.json"
    if not path.exists():
        pytest.skip("the vendors' specifications are not beside this checkout (shared/specs)")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def orders() -> dict[str, Any]:
    return spec("checkout_orders_v2")


@pytest.fixture(scope="module")
def payments() -> dict[str, Any]:
    return spec("payments_payment_v2")


@pytest.fixture(scope="module")
def webhooks() -> dict[str, Any]:
    return spec("notifications_webhooks_v1")


@pytest.fixture(scope="module")
def batches() -> dict[str, Any]:
    return spec("payments_payouts_batch_v1")


def faults(document: dict[str, Any], schema: str, body: Any, *, strict: bool = True) -> list[str]:
    """What is wrong with a body, its schema read as JSON Schema. `strict`: a key that the schema does not name is."""
    root: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "$ref": f"#/components/schemas/{schema}",
    }
    if strict:
        root["unevaluatedProperties"] = False
    return [error.message for error in jsonschema_rs.Draft202012Validator(root).iter_errors(body)]


@pytest.mark.parametrize("money", [EUR, Money(1250, "JPY"), Money(1200, "HUF"), Money(1, "USD")])
@pytest.mark.parametrize("capture", ["automatic", "manual"])
def test_an_order_that_we_send_is_valid(orders, money, capture):
    addresses = {"paypal_return_url": "https://example.com/a", "paypal_cancel_url": "https://example.com/b"}
    for found in (settings(), settings(**addresses)):
        body = bodies.new_order(new(1, money, capture=capture, description="ä" * 300), found)
        assert faults(orders, "order_request", body) == []
        unit = body["purchase_units"][0]
        assert faults(orders, "purchase_unit_request", unit) == []
        assert faults(orders, "paypal_wallet", body["payment_source"]["paypal"]) == []
        context = body["payment_source"]["paypal"]["experience_context"]
        assert faults(orders, "paypal_wallet_experience_context", context) == []


def test_an_order_without_a_description_is_valid(orders):
    assert (
        faults(orders, "purchase_unit_request", bodies.new_order(new(description=""), settings())["purchase_units"][0])
        == []
    )


def test_a_capture_that_we_send_is_valid(payments):
    assert faults(payments, "capture_request", bodies.capture(EUR)) == []


def test_a_refund_that_we_send_is_valid(payments):
    assert faults(payments, "refund_request", bodies.new_refund(EUR, our_id(1))) == []


def test_a_body_that_is_not_valid_would_be_seen(orders, payments):
    good = bodies.new_order(new(), settings())
    assert faults(orders, "order_request", {**good, "intent": "GRAB"})
    assert faults(orders, "order_request", {**good, "purchase_unit": []})
    assert faults(orders, "purchase_unit_request", {**good["purchase_units"][0], "customid": "x"})
    assert faults(payments, "refund_request", {"amount": {"currency_code": "EUR", "value": 1}})


async def test_what_goes_over_the_wire_is_valid(paypal, wire, orders, payments):
    held = await paid(paypal, wire, capture="manual")
    await paypal.capture_payment(held.reference, EUR, key="capture:1:1")
    done = await paid(paypal, wire, 2)
    await paypal.refund(done.reference, str(done.charge), EUR, our_id=our_id(3), key="refund:3:1")
    schemas = {
        "/v2/checkout/orders": (orders, "order_request"),
        "capture of order": (orders, "order_capture_request"),
        "authorize": (orders, "order_authorize_request"),
        "capture": (payments, "capture_request"),
        "refund": (payments, "refund_request"),
    }
    seen = set()
    for call in wire.calls:
        if call.method != "POST" or call.path == "/v1/oauth2/token":
            continue
        name = call.path if call.path in schemas else call.path.rpartition("/")[2]
        name = "capture of order" if name == "capture" and "/orders/" in call.path else name
        document, schema = schemas[name]
        assert faults(document, schema, call.body) == []
        assert len(call.headers["paypal-request-id"]) <= 108
        seen.add(name)
    assert seen == set(schemas)


def test_every_state_of_theirs_is_known(orders, payments):
    def said(document: dict[str, Any], name: str) -> set[str]:
        return set(document["components"]["schemas"][name]["properties"]["status"]["enum"])

    assert said(payments, "capture_status") == set(snapshots._CAPTURE)
    assert said(payments, "refund_status") == set(snapshots._REFUND)
    assert said(payments, "authorization_status") == set(snapshots._AUTHORIZATION)
    order = set(orders["components"]["schemas"]["order_status"]["enum"])
    assert order == set(snapshots._ORDER) | {"COMPLETED"}


def test_every_issue_that_we_read_is_theirs(orders, payments):
    text = json.dumps(orders) + json.dumps(payments)
    invented = {issue for issue in _DECLINES | _MAYBE if f'"{issue}"' not in text}
    # The specifications name no error for a request id used twice; to be in doubt about it is safe.
    assert invented <= {"DUPLICATE_REQUEST_ID"}


def test_the_fakes_answers_are_theirs(orders, payments, wire):
    made = wire.order(bodies.new_order(new(), settings()))
    wire.approve(made["id"])
    whole = wire.complete(made["id"], "CAPTURE")
    assert faults(orders, "order", whole, strict=False) == []
    [capture] = wire.parts["captures"].values()
    assert faults(payments, "capture-2", capture, strict=False) == []
    refund = wire.refund(capture["id"], bodies.new_refund(EUR, our_id(1)))
    assert faults(payments, "refund", refund, strict=False) == []


def test_the_fakes_events_are_theirs(webhooks, wire):
    wire.tell("PAYMENT.CAPTURE.COMPLETED", "capture", {"id": "C1"})
    assert faults(webhooks, "event", wire.events[0], strict=False) == []
    listed = wire.listed({"start_time": "2026-01-01T00:00:00Z", "end_time": "2027-01-01T00:00:00Z"})
    assert faults(webhooks, "EventList", listed, strict=False) == []


def a_payout(money: Money = EUR, account: str = "ada@example.com") -> NewPayout:
    return NewPayout(
        our_id=our_id(1), account=account, money=money, transfer=None, destination=None, description="ä" * 2000
    )


@pytest.mark.parametrize("account", ["ada@example.com", "7LFGYMXBEUNHG"])
@pytest.mark.parametrize("money", [EUR, Money(1250, "JPY"), Money(1200, "HUF")])
def test_a_batch_that_we_send_is_valid(batches, money, account):
    body = payouts.new_batch(a_payout(money, account), key=f"payout:{our_id(1)}:1")
    assert faults(batches, "create_payout_request", body) == []
    assert faults(batches, "payout_item", body["items"][0]) == []
    assert faults(batches, "sender_batch_header", body["sender_batch_header"]) == []
    assert body["items"][0]["recipient_type"] in batches["components"]["schemas"]["recipient_enum"]["enum"]
    assert faults(batches, "payout_item", {**body["items"][0], "amount": {"currency": "EUR", "value": 1}})


def test_every_state_of_a_batch_and_of_its_item_is_known(batches):
    schemas = batches["components"]["schemas"]
    assert set(schemas["transaction_enum"]["enum"]) == set(payouts._ITEM)
    assert set(schemas["batch_enum"]["enum"]) == set(payouts._BATCH)


def test_the_fakes_batches_are_theirs(batches, webhooks, wire):
    made = wire.send_batch(payouts.new_batch(a_payout(), key=f"payout:{our_id(1)}:1"))
    assert faults(batches, "payout", made, strict=False) == []
    name = made["batch_header"]["payout_batch_id"]
    wire.settle_payout(name, "FAILED", "RECEIVER_UNREGISTERED")
    assert faults(batches, "payout_batch", wire.seen_batch(name), strict=False) == []
    assert faults(batches, "payout_item-2", wire.seen_batch(name)["items"][0], strict=False) == []
    assert faults(webhooks, "event", wire.events[-1], strict=False) == []
    assert faults(batches, "error", wire.duplicate(name).body, strict=False) == []
