"""Against the vendor's own data: every key that we send is in the SDK's types, every fixture is read."""

import json
import pathlib
import typing
from typing import Any

import pytest
import stripe as sdk
from stripe import params

from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol_sellers import NewAccount, NewPayout, NewTransfer, SellerProvider
from cleanly.platform.providers.stripe import events, seller_snapshots, snapshots
from tests.fakes.stripe_wire import StripeWire
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
    ("POST", "/v1/accounts"): params.AccountCreateParams,
    ("GET", "/v1/accounts"): params.AccountListParams,
    ("GET", "/v1/accounts/*"): params.AccountRetrieveParams,
    ("POST", "/v1/account_links"): params.AccountLinkCreateParams,
    ("POST", "/v1/transfers"): params.TransferCreateParams,
    ("GET", "/v1/transfers"): params.TransferListParams,
    ("GET", "/v1/transfers/*"): params.TransferRetrieveParams,
    ("POST", "/v1/transfers/*/reversals"): params.TransferCreateReversalParams,
    ("POST", "/v1/payouts"): params.PayoutCreateParams,
    ("GET", "/v1/payouts"): params.PayoutListParams,
    ("GET", "/v1/payouts/*"): params.PayoutRetrieveParams,
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
    await pay_a_seller(stripe.sellers, wire)

    unknown = []
    for call in wire.calls:
        kind = TYPES[call.method, pattern(call.path)]
        sent = call.body if call.method == "POST" else call.query
        unknown += [f"{call.path}: {key}" for key in sent if not known(kind, key)]
    assert unknown == []
    assert {(call.method, pattern(call.path)) for call in wire.calls} == set(TYPES)


async def pay_a_seller(sellers: SellerProvider, wire: StripeWire) -> None:
    """Every call of the seller side, with every key that it may send."""
    new = NewAccount(our_id=our_id(20), email="ada@example.com", country="DE")
    account = await sellers.create_account(new, key="seller_account:20:1")
    await sellers.onboarding_link(account.reference, return_url="https://a.example", refresh_url="https://b.example")
    wire.onboard(account.reference)
    found = await sellers.find_account(our_id(20))
    assert found is not None
    assert found.destination is not None
    names: dict[str, Any] = {"our_id": our_id(21), "account": account.reference, "money": Money(100, "EUR")}
    transfer = await sellers.send_transfer(NewTransfer(**names, transfer_group=str(our_id(21))), key="transfer:21:1")
    await sellers.find_transfer(our_id(21))
    await sellers.reverse_transfer(transfer.reference, our_id=our_id(21), key="reverse_transfer:21:1")
    await sellers.reverse_transfer(transfer.reference, our_id=our_id(21), key="reverse_transfer:21:2")
    await sellers.send_transfer(NewTransfer(**names, transfer_group=str(our_id(21))), key="transfer:21:2")
    payout = NewPayout(
        **names, transfer=transfer.reference, destination=found.destination.fingerprint, description="Cleanly"
    )
    sent = await sellers.send_payout(payout, key="payout:21:1")
    await sellers.get_payout(sent.reference, account=account.reference)
    await sellers.find_payout(our_id(21), account=account.reference)


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


def test_a_sellers_account_is_read(resources):
    found = seller_snapshots.account(resources["account"])
    assert (found.state, found.payouts_enabled, found.country) == ("pending", False, "US")
    assert "external_account" in found.requirements
    assert found.destination is None


def test_a_sellers_bank_is_read(resources):
    account = resources["account"] | {"external_accounts": {"data": [resources["bank_account"]]}}
    found = seller_snapshots.account(account).destination
    assert found is not None
    assert (found.last4, found.fingerprint) == ("6789", resources["bank_account"]["fingerprint"])
    assert seller_snapshots.outside_account(account, found.fingerprint, "USD") == resources["bank_account"]["id"]


def test_a_transfer_is_read(resources):
    found = seller_snapshots.transfer(resources["transfer"])
    assert (found.money, found.reversed_amount, found.is_reversed) == (Money(1100, "USD"), 0, False)
    assert found.account == resources["account"]["id"]


def test_a_payout_is_read(resources):
    found = seller_snapshots.payout(resources["payout"], of="acct_1")
    assert (found.state, found.money, found.account) == ("in_transit", Money(1100, "USD"), "acct_1")
    assert found.arrives_at is not None
