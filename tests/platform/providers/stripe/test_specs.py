"""Against the vendor's own data: every key that we send is in the SDK's types, every fixture is read."""

import json
import pathlib
import typing
from typing import Any

import pytest
import stripe as sdk
from stripe import params

from cleanly.kernel.money import Money
from cleanly.platform.providers.stripe import events, snapshots
from tests.platform.providers.contract import our_id
from tests.platform.providers.stripe.test_calls import new, paid

FIXTURES = pathlib.Path(__file__).parents[5] / "shared" / "specs" / "stripe" / "fixtures3.json"
TYPES = {
    ("POST", "/v1/payment_intents"): params.PaymentIntentCreateParams,
    ("POST", "/v1/payment_intents/*/capture"): params.PaymentIntentCaptureParams,
    ("POST", "/v1/payment_intents/*/cancel"): params.PaymentIntentCancelParams,
    ("GET", "/v1/payment_intents/*"): params.PaymentIntentRetrieveParams,
    ("GET", "/v1/payment_intents/search"): params.PaymentIntentSearchParams,
    ("POST", "/v1/customers"): params.CustomerCreateParams,
    ("GET", "/v1/customers/search"): params.CustomerSearchParams,
    ("POST", "/v1/ephemeral_keys"): params.EphemeralKeyCreateParams,
    ("POST", "/v1/refunds"): params.RefundCreateParams,
    ("GET", "/v1/refunds"): params.RefundListParams,
    ("GET", "/v1/refunds/*"): params.RefundRetrieveParams,
    ("GET", "/v1/disputes/*"): params.DisputeRetrieveParams,
    ("GET", "/v1/balance_transactions"): params.BalanceTransactionListParams,
    ("GET", "/v1/events"): params.EventListParams,
    ("GET", "/v1/balance"): params.BalanceRetrieveParams,
}


def known(kind: Any, key: str) -> bool:
    """Whether `created[gte]` is in the type, and in the type of that."""
    first, *rest = key.replace("]", "").split("[")
    if first not in kind.__annotations__:
        return False
    if not rest or rest[0].isdigit() or first == "metadata":
        return True
    return rest[0] in nested(str(kind.__annotations__[first]))


def nested(annotation: str) -> set[str]:
    """The keys of the typed dictionaries that an annotation names."""
    return {
        name
        for word in annotation.replace("'", " ")
        .replace('"', " ")
        .replace("|", " ")
        .replace("]", " ")
        .replace("[", " ")
        .split()
        for name in getattr(getattr(params, word, None), "__annotations__", {})
    }


def pattern(path: str) -> str:
    parts = path.split("/")
    if len(parts) > 3 and parts[3] != "search":
        parts[3] = "*"
    return "/".join(parts)


async def test_every_key_that_we_send_is_in_the_sdks_types(stripe, wire, clock):
    customer = await stripe.ensure_customer(our_id(9), "ada@example.com", key="customer:9:1")
    done = await paid(stripe, wire, 1, customer=customer)
    await stripe.client_parameters(done.reference, customer=customer)
    await stripe.find_payment(our_id(1))
    refund = await stripe.refund(done.reference, str(done.charge), Money(1, "EUR"), our_id=our_id(3), key="refund:3:1")
    await stripe.get_refund(refund.reference)
    await stripe.find_refund(done.reference, our_id(3))
    await stripe.get_dispute(wire.dispute(done.reference)["id"])
    held = await paid(stripe, wire, 2, capture="manual")
    await stripe.capture_payment(held.reference, Money(100, "EUR"), key="capture:2:1")
    other = await stripe.create_payment(new(4), key="payment:4:1")
    await stripe.cancel_payment(other.reference, key="cancel:4:1")
    await stripe.list_events(clock.now(), wire.events[-1]["id"])
    await stripe.list_entries(clock.now(), None)
    await stripe.list_entries(clock.now(), wire.books[0]["id"])
    await stripe.get_balance()

    unknown = []
    for call in wire.calls:
        kind = TYPES[call.method, pattern(call.path)]
        sent = call.body if call.method == "POST" else call.query
        unknown += [f"{call.path}: {key}" for key in sent if not known(kind, key)]
    assert unknown == []
    assert {(call.method, pattern(call.path)) for call in wire.calls} == set(TYPES)


def test_a_key_that_is_not_in_the_types_would_be_seen():
    assert known(params.PaymentIntentCreateParams, "automatic_payment_methods[enabled]")
    assert known(params.EventListParams, "created[gte]")
    assert not known(params.PaymentIntentCreateParams, "automatic_payment_methods[on]")
    assert not known(params.EventListParams, "created[since]")
    assert not known(params.PaymentIntentCreateParams, "cents")


def test_every_state_that_stripe_may_send_is_known():
    """From the SDK's own types: a new one fails here and not in production."""
    for kind, table in (
        (sdk.PaymentIntent, snapshots._PAYMENT),
        (sdk.Dispute, snapshots._DISPUTE),
    ):
        said = kind.__annotations__["status"]
        words = {word for part in typing.get_args(said) for word in (typing.get_args(part) or (part,))}
        assert {word for word in words if isinstance(word, str)} == set(table)


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    if not FIXTURES.exists():
        pytest.skip("the vendors' specifications are not beside this checkout (shared/specs)")
    return json.loads(FIXTURES.read_text())["resources"]


def test_a_payment_is_read(resources):
    found = snapshots.payment(resources["payment_intent"])
    assert (found.state, found.money, found.captured) == ("requires_action", Money(1099, "USD"), 0)
    assert found.our_id is None


def test_a_payment_with_its_charge_is_read(resources):
    intent = resources["payment_intent"] | {"status": "requires_capture", "latest_charge": resources["charge"]}
    found = snapshots.payment(intent)
    assert (found.state, found.charge, found.authorized_until) == ("authorized", resources["charge"]["id"], None)


def test_a_refund_is_read(resources):
    found = snapshots.refund(resources["refund"])
    assert (found.state, found.money) == ("succeeded", Money(100, "USD"))
    assert found.payment_reference == resources["charge"]["id"]


def test_a_dispute_is_read(resources):
    found = snapshots.dispute(resources["dispute"])
    assert (found.state, found.money, found.movements) == ("needs_response", Money(1000, "USD"), ())
    assert found.evidence_due_at is not None


def test_a_line_of_the_books_is_read(resources):
    found = snapshots.entry(resources["balance_transaction"])
    assert (found.kind, found.source, found.net) == ("charge", resources["charge"]["id"], Money(100, "USD"))


def test_a_balance_is_read(resources):
    assert snapshots.balance(resources["balance"]).available == {"USD": 0}


def test_an_event_is_read(resources):
    found = events.event(resources["event"], account="test", is_live=False, verified_with="list")
    assert (found.type, found.kind) == ("plan.created", "other")
