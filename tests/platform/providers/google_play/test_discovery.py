"""Against Google's discovery document: what the fake answers, what we send and what we know are the vendor's."""

import json
import pathlib
import re
from typing import Any

import jsonschema_rs
import pytest

from cleanly.platform.providers.google_play import snapshots
from tests.fakes.play_wire import ROOT, PlayWire

SPECS = pathlib.Path(__file__).parents[5] / "shared" / "specs"
NAME = "androidpublisher.v3.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found = sorted(SPECS.rglob(NAME)) if SPECS.exists() else []
    if not found:
        pytest.skip(f"Google's {NAME} is not beside this checkout (shared/specs)")
    return json.loads(found[0].read_text())


@pytest.fixture(scope="module")
def methods(document) -> list[dict[str, Any]]:
    def within(it: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            *it.get("methods", {}).values(),
            *(m for inner in it.get("resources", {}).values() for m in within(inner)),
        ]

    return within(document)


def as_schema(it: Any) -> Any:
    """A discovery schema as JSON Schema: names become references, and what is not named may not be there."""
    if isinstance(it, list):
        return [as_schema(inner) for inner in it]
    if not isinstance(it, dict):
        return it
    if isinstance(it.get("$ref"), str):
        return {"$ref": f"#/$defs/{it['$ref']}"}
    kept = {name: as_schema(value) for name, value in it.items() if name not in {"id", "format", "description"}}
    if isinstance(it.get("properties"), dict):
        kept["properties"] = {name: as_schema(value) for name, value in it["properties"].items()}
        kept["additionalProperties"] = False
    return kept


def faults(document: dict[str, Any], schema: str, body: Any) -> list[str]:
    root = {"$ref": f"#/$defs/{schema}", "$defs": {name: as_schema(it) for name, it in document["schemas"].items()}}
    return [error.message for error in jsonschema_rs.Draft202012Validator(root).iter_errors(body)]


def words(document: dict[str, Any], schema: str, name: str) -> set[str]:
    """The values of an enumeration, without the one for what is not said."""
    return {word for word in document["schemas"][schema]["properties"][name]["enum"] if "UNSPECIFIED" not in word}


def lives(wire: PlayWire, account_id: str) -> None:
    """Every state that the fake has."""
    for act in (
        wire.renew,
        wire.cancel,
        wire.expire,
        wire.grace,
        wire.hold,
        wire.recover,
        lambda token: wire.pause(token, days=3),
        wire.void,
    ):
        act(wire.subscribe(account_id))
    wire.subscribe(account_id, phase="freeTrial", testPurchase={}, is_pending=True)
    wire.give_up(wire.subscribe(account_id, is_pending=True))
    wire.subscribe(account_id, phase="introductoryPrice", replaces=wire.subscribe(account_id))
    context = {"expiredPurchaseToken": "x", "expiredExternalAccountIdentifiers": {"obfuscatedExternalAccountId": "a"}}
    wire.subscribe(None, outOfAppPurchaseContext=context)
    wire.void(wire.buy(account_id, quantity=3))
    wire.buy(account_id, is_pending=True, testPurchaseContext={"fopType": "TEST"})
    wire.give_up(wire.buy(account_id, is_pending=True))


async def test_what_the_fake_answers_is_what_google_answers(document, wire, ada):
    lives(wire, ada)
    assert len({it.get("subscriptionState") for it in wire.purchases.values()}) == 9
    for it in wire.purchases.values():
        schema = "SubscriptionPurchaseV2" if "lineItems" in it else "ProductPurchaseV2"
        assert faults(document, schema, it) == []
    for it in wire.orders.values():
        assert faults(document, "Order", it) == []
    wire.page_size = 1
    listed = wire.list_voided({"startTime": wire.millis(), "maxResults": "1000"})
    assert len(listed) == 2
    assert faults(document, "VoidedPurchasesListResponse", listed) == []


async def test_a_field_that_google_does_not_name_is_found(document, wire, ada):
    token = wire.subscribe(ada)
    wire.purchases[token]["lineItems"][0]["autoRenewingPlan"]["renews"] = True
    assert faults(document, "SubscriptionPurchaseV2", wire.purchases[token]) != []


async def test_every_call_of_ours_is_one_of_googles(document, methods, play, wire, clock, ada):
    token, product = wire.subscribe(ada), wire.buy(ada)
    [first, last] = wire.orders
    await play.get_subscription(token)
    await play.get_product(product)
    await play.acknowledge_subscription(token, "premium", account_id=ada)
    await play.acknowledge_product(product, "coins")
    await play.consume_product(product, "coins")
    await play.cancel_subscription(token)
    await play.cancel_subscription(wire.subscribe(ada), may_be_restored=False)
    await play.revoke_subscription(token, refund="full")
    await play.revoke_subscription(wire.subscribe(ada), refund="prorated")
    await play.refund_order(last, revoke=True)
    await play.get_order(first)
    await play.list_voided(clock.now(), None)
    calls = [call for call in wire.calls if call.path.startswith(ROOT)]
    assert len(calls) == 12
    for call in calls:
        [method] = [it for it in methods if it["httpMethod"] == call.method and fits(it["path"], call.path)]
        assert set(call.query) <= set(method["parameters"])
        assert "Deprecated" not in method["description"]
        if "request" in method:
            assert faults(document, method["request"]["$ref"], call.body) == []
        else:
            assert call.body is None


def fits(template: str, path: str) -> bool:
    pattern = re.sub(r"\{\w+\}", "[^/:]+", template.replace(".", r"\."))
    return re.fullmatch(f"/{pattern}", path) is not None


def test_every_state_of_googles_is_known(document):
    assert set(snapshots._STATES) == words(document, "SubscriptionPurchaseV2", "subscriptionState")
    assert set(snapshots._PRODUCT_STATES) == words(document, "PurchaseStateContext", "purchaseState")
    assert set(snapshots._ORDER_STATES) == words(document, "Order", "state")
    assert set(snapshots._PHASES) == set(document["schemas"]["OfferPhase"]["properties"])
    assert set(snapshots._CANCELED_BY) == set(document["schemas"]["CanceledStateContext"]["properties"])


def test_every_number_of_a_voided_purchase_is_known(document):
    properties = document["schemas"]["VoidedPurchase"]["properties"]
    for name, known in (("voidedReason", snapshots._VOIDED_BECAUSE), ("voidedSource", snapshots._VOIDED_BY)):
        told = {int(number) for number in re.findall(r"(?<!\d)(\d+)\. ", properties[name]["description"])}
        assert set(known) == told
