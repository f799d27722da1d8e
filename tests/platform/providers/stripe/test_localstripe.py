"""Our adapter against localstripe, which somebody else wrote: state, shapes and signatures that we did not make up.

Only where it is faithful. Left out, because localstripe is not:
- idempotency: one key makes a second payment, and other parameters pass;
- disputes and balance transactions: there are none of the former and no filters by time for the latter, no fees, and
  the balance has another shape;
- Connect: no accounts, no transfers, `transfer_data` and `application_fee_amount` are refused;
- limits: a refund of more than was paid succeeds; a card that declines at once (…0002) pays; after a declined card no
  second one is taken;
- codes of refusals: all are `invalid_request_error`, so "it was over before" (capture or cancel twice) can't be told;
- the events' order and version (oldest first, of 2017), and every event of a charge, refund or payment made.
The wire fake (test_contract.py, test_calls.py) has those.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import aiohttp
import pytest

from cleanly.kernel.money import Money
from cleanly.kernel.net import Http
from cleanly.platform.providers.errors import BadSignature, NotThere, Refused, Unknown
from cleanly.platform.providers.protocol import PaymentSnapshot, RefundSnapshot
from cleanly.platform.providers.stripe.adapter import Stripe
from cleanly.platform.providers.stripe.snapshots import OUR_ID
from tests.platform.providers.contract import our_id
from tests.platform.providers.stripe import beside
from tests.platform.providers.stripe.beside import Beside, Lens
from tests.platform.providers.stripe.conftest import SECRET, settings
from tests.platform.providers.stripe.test_calls import EUR, new

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
GOOD = "pm_card_visa"
DECLINED = "pm_card_chargeCustomerFail"
ASKS_THE_BUYER = "4000002760003184"


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with beside.running(beside.program(), tmp_path_factory.mktemp("localstripe")) as found:
        yield found


@pytest.fixture
async def localstripe(address: str) -> AsyncGenerator[Beside, None]:
    async with aiohttp.ClientSession() as session:
        asked = Beside(address, session)
        await asked.forget()
        yield asked


@pytest.fixture
async def stripe(localstripe: Beside) -> AsyncGenerator[Stripe, None]:
    adapter = Stripe(settings(stripe_api_base=localstripe.address), http=Lens())
    yield adapter
    await adapter.close()


@pytest.fixture
async def bare(localstripe: Beside) -> AsyncGenerator[Stripe, None]:
    """Without the lens."""
    adapter = Stripe(settings(stripe_api_base=localstripe.address), http=Http.to_known())
    yield adapter
    await adapter.close()


async def paid(stripe: Stripe, localstripe: Beside, number: int = 1, card: str = GOOD, **changed) -> PaymentSnapshot:
    made = await stripe.create_payment(new(number, **changed), key=f"payment:{number}:1")
    await localstripe.pay(made.reference, card)
    return await stripe.get_payment(made.reference)


async def test_a_customer_is_made_once_and_then_found(stripe, localstripe):
    first = await stripe.ensure_customer(our_id(9), "ada@example.com", key="customer:9:1")
    again = await stripe.ensure_customer(our_id(9), "ada@example.com", key="customer:9:2")
    other = await stripe.ensure_customer(our_id(8), "bob@example.com", key="customer:8:1")
    assert again == first != other
    page = await localstripe.get("/v1/customers")
    assert {it["id"]: (it["email"], it["metadata"]) for it in page["data"]} == {
        first: ("ada@example.com", {OUR_ID: str(our_id(9))}),
        other: ("bob@example.com", {OUR_ID: str(our_id(8))}),
    }


@pytest.mark.parametrize("capture", ["automatic", "manual"])
async def test_a_new_payment_holds_what_we_said(stripe, localstripe, capture):
    customer = await stripe.ensure_customer(our_id(9), "ada@example.com", key="customer:9:1")
    made = await stripe.create_payment(new(customer=customer, capture=capture), key="payment:1:1")
    held = await localstripe.get(f"/v1/payment_intents/{made.reference}")
    assert (held["amount"], held["currency"], held["customer"]) == (10_000, "eur", customer)
    assert (held["capture_method"], held["metadata"]) == (capture, {OUR_ID: str(our_id(1))})
    assert made == PaymentSnapshot(
        provider="stripe",
        reference=held["id"],
        our_id=our_id(1),
        state="requires_action",
        money=EUR,
        captured=0,
        charge=None,
        decline_code=None,
        authorized_until=None,
    )
    assert await stripe.get_payment(made.reference) == made


@pytest.mark.parametrize(("currency", "ours", "theirs"), [("JPY", 1250, 1250), ("UGX", 5, 500), ("MGA", 500, 5)])
async def test_an_amount_comes_back_as_it_went(stripe, localstripe, currency, ours, theirs):
    made = await stripe.create_payment(new(money=Money(ours, currency)), key="payment:1:1")
    assert (await localstripe.get(f"/v1/payment_intents/{made.reference}"))["amount"] == theirs
    assert (await stripe.get_payment(made.reference)).money == Money(ours, currency)


async def test_a_payment_is_found_by_our_id(stripe):
    await stripe.create_payment(new(1), key="payment:1:1")
    second = await stripe.create_payment(new(2), key="payment:2:1")
    assert await stripe.find_payment(our_id(2)) == second
    assert await stripe.find_payment(our_id(3)) is None


async def test_the_app_gets_the_payments_own_secret(stripe, localstripe):
    made = await stripe.create_payment(new(), key="payment:1:1")
    held = await localstripe.get(f"/v1/payment_intents/{made.reference}")
    assert await stripe.client_parameters(made.reference, customer=None) == {
        "clientSecret": held["client_secret"],
        "publishableKey": "pk_test_of_the_tests",
    }


async def test_a_good_card_pays(stripe, localstripe):
    done = await paid(stripe, localstripe)
    held = await localstripe.get(f"/v1/payment_intents/{done.reference}")
    assert (done.state, done.captured, done.our_id) == ("captured", EUR.amount, our_id(1))
    assert done.charge == held["latest_charge"]["id"]


async def test_a_declined_card_moves_nothing_and_says_why(stripe, localstripe):
    seen = await paid(stripe, localstripe, card=DECLINED)
    assert (seen.state, seen.decline_code) == ("requires_action", "card_declined")
    assert (seen.captured, seen.charge) == (0, None)
    held = await localstripe.get(f"/v1/payment_intents/{seen.reference}")
    assert held["latest_charge"]["status"] == "failed"  # there is a charge: it is not told, because it moved nothing


@pytest.mark.parametrize(
    ("agrees", "state", "decline_code"),
    [("true", "captured", None), ("false", "requires_action", "payment_intent_authentication_failure")],
)
async def test_a_card_that_asks_the_buyer_waits_for_the_answer(stripe, localstripe, agrees, state, decline_code):
    card = await localstripe.new_card(ASKS_THE_BUYER)
    asked = await paid(stripe, localstripe, card=card)
    assert (asked.state, asked.charge, asked.decline_code) == ("requires_action", None, None)
    secret = (await stripe.client_parameters(asked.reference, customer=None))["clientSecret"]
    path = f"/v1/payment_intents/{asked.reference}/_authenticate"
    await localstripe.post(path, client_secret=secret, success=agrees)
    seen = await stripe.get_payment(asked.reference)
    assert (seen.state, seen.decline_code) == (state, decline_code)


@pytest.mark.parametrize("amount", [10_000, 7_500])
async def test_what_is_authorized_is_captured_whole_or_in_part(stripe, localstripe, amount):
    held = await paid(stripe, localstripe, capture="manual")
    assert (held.state, held.captured) == ("authorized", 0)
    assert held.charge is not None
    taken = await stripe.capture_payment(held.reference, Money(amount, "EUR"), key="capture:1:1")
    assert (taken.state, taken.captured, taken.charge) == ("captured", amount, held.charge)
    assert await stripe.get_payment(held.reference) == taken


async def test_more_than_was_authorized_is_refused(stripe, localstripe):
    held = await paid(stripe, localstripe, capture="manual")
    with pytest.raises(Refused):
        await stripe.capture_payment(held.reference, Money(10_001, "EUR"), key="capture:1:1")
    assert await stripe.get_payment(held.reference) == held


async def test_a_payment_is_given_up_before_and_after_the_buyer_agreed(stripe, localstripe):
    made = await stripe.create_payment(new(1), key="payment:1:1")
    held = await paid(stripe, localstripe, 2, capture="manual")
    for payment in (made, held):
        gone = await stripe.cancel_payment(payment.reference, key=f"cancel:{payment.reference}:1")
        assert (gone.state, gone.captured, gone.charge) == ("canceled", 0, None)
        assert await stripe.get_payment(payment.reference) == gone


async def test_what_is_paid_is_not_given_up(stripe, localstripe):
    done = await paid(stripe, localstripe)
    with pytest.raises(Refused):
        await stripe.cancel_payment(done.reference, key="cancel:1:1")
    assert await stripe.get_payment(done.reference) == done


async def test_a_payment_is_refunded_whole(stripe, localstripe):
    done = await paid(stripe, localstripe)
    made = await stripe.refund(done.reference, str(done.charge), EUR, our_id=our_id(5), key="refund:5:1")
    assert made == RefundSnapshot(
        provider="stripe",
        reference=made.reference,
        our_id=our_id(5),
        payment_reference=done.reference,
        state="succeeded",
        money=EUR,
        failure_code=None,
        came_back=False,
    )
    assert await stripe.get_refund(made.reference) == made
    charge = await localstripe.get(f"/v1/charges/{done.charge}")
    assert (charge["refunded"], charge["amount_refunded"]) == (True, EUR.amount)
    assert await stripe.get_payment(done.reference) == done  # a refund is no state of a payment


async def test_a_payment_is_refunded_in_parts_and_each_is_found(stripe, localstripe):
    done = await paid(stripe, localstripe, 1)
    other = await paid(stripe, localstripe, 2)
    parts = {}
    for number, amount in ((5, 2_500), (6, 1)):
        money = Money(amount, "EUR")
        parts[number] = await stripe.refund(
            done.reference, str(done.charge), money, our_id=our_id(number), key=f"refund:{number}:1"
        )
        assert parts[number].money == money
    for number, part in parts.items():
        assert await stripe.find_refund(done.reference, our_id(number)) == part
    assert await stripe.find_refund(done.reference, our_id(7)) is None
    assert await stripe.find_refund(other.reference, our_id(5)) is None
    charge = await localstripe.get(f"/v1/charges/{done.charge}")
    assert (charge["refunded"], charge["amount_refunded"]) == (False, 2_501)


async def test_a_refund_is_found_behind_a_whole_page_of_others(stripe, localstripe):
    done = await paid(stripe, localstripe)
    for number in range(101):
        metadata = {f"metadata[{OUR_ID}]": str(our_id(1000 + number))}
        await localstripe.post("/v1/refunds", payment_intent=done.reference, amount="1", **metadata)
    pages = f"/v1/refunds?payment_intent={done.reference}&limit=100"
    first = await localstripe.get(pages)
    [last] = (await localstripe.get(f"{pages}&starting_after={first['data'][-1]['id']}"))["data"]
    found = await stripe.find_refund(done.reference, UUID(last["metadata"][OUR_ID]))
    assert found is not None
    assert found.reference == last["id"]


async def test_what_was_never_paid_is_not_refunded(stripe):
    made = await stripe.create_payment(new(), key="payment:1:1")
    with pytest.raises(Refused):
        await stripe.refund(made.reference, "", EUR, our_id=our_id(5), key="refund:5:1")


async def test_what_is_unknown_there_is_not_there(stripe):
    calls = [
        stripe.get_payment("pi_unknown"),
        stripe.client_parameters("pi_unknown", customer=None),
        stripe.capture_payment("pi_unknown", EUR, key="capture:1:1"),
        stripe.cancel_payment("pi_unknown", key="cancel:1:1"),
        stripe.refund("pi_unknown", "ch_unknown", EUR, our_id=our_id(5), key="refund:5:1"),
        stripe.get_refund("re_unknown"),
        stripe.find_refund("pi_unknown", our_id(5)),
        stripe.create_payment(new(customer="cus_unknown"), key="payment:1:1"),
    ]
    told = [type(it) for it in await asyncio.gather(*calls, return_exceptions=True)]
    assert told == [NotThere] * len(calls)


async def test_listed_events_lead_to_the_payments_that_they_are_about(stripe, localstripe):
    done = await paid(stripe, localstripe, 1)
    declined = await paid(stripe, localstripe, 2, card=DECLINED)
    listing = await stripe.list_events(LONG_AGO, None)
    assert listing.cursor is None
    told = {it.event.type: it.event for it in listing.events}
    assert {name: (it.kind, it.object, it.our_id) for name, it in told.items()} == {
        "payment_intent.succeeded": ("payment", done.reference, our_id(1)),
        "payment_intent.payment_failed": ("payment", declined.reference, our_id(2)),
    }
    assert await stripe.fetch_object(told["payment_intent.succeeded"]) == done
    assert await stripe.fetch_object(told["payment_intent.payment_failed"]) == declined
    assert all(not it.is_live and it.verified_with == "list" for it in told.values())


async def test_listed_events_come_page_by_page_and_only_the_asked_for(stripe, localstripe):
    # Customers tell in one call; more than one page of ours.
    made = [(await localstripe.post("/v1/customers", email=f"{n}@example.com"))["id"] for n in range(60)]
    first = await stripe.list_events(LONG_AGO, None)
    assert first.cursor is not None
    second = await stripe.list_events(LONG_AGO, first.cursor)
    assert second.cursor is None
    events = [it.event for it in (*first.events, *second.events)]
    assert sorted(it.object for it in events) == sorted(made)
    newest = max(it.created_at for it in events)
    assert {it.event.created_at for it in (await stripe.list_events(newest, None)).events} == {newest}
    assert (await stripe.list_events(newest + timedelta(seconds=1), None)).events == ()


async def test_a_push_that_it_signed_is_verified_and_a_changed_one_is_not(stripe, localstripe):
    async with beside.receiving() as (url, pushed):
        await localstripe.push_to(url, SECRET, ["payment_intent.succeeded"])
        done = await paid(stripe, localstripe)
        async with asyncio.timeout(20):
            while json.loads((push := await pushed.get()).body)["data"]["object"]["id"] != done.reference:
                pass  # it pushes a second late: that was an earlier test's
        await localstripe.push_to(url, SECRET, [])
    now = datetime.fromtimestamp(json.loads(push.body)["created"], UTC)
    event = await stripe.verify_webhook(push.headers, push.body, now=now)
    assert (event.type, event.object, event.our_id) == ("payment_intent.succeeded", done.reference, our_id(1))
    assert (event.verified_with, event.is_live, event.created_at) == ("webhook_secret[0]", False, now)
    assert await stripe.fetch_object(event) == done
    changed = push.body.replace(b'"amount": 10000', b'"amount": 10001')
    assert changed != push.body
    with pytest.raises(BadSignature):
        await stripe.verify_webhook(push.headers, changed, now=now)
    with pytest.raises(BadSignature):
        await stripe.verify_webhook(push.headers, push.body, now=now + timedelta(minutes=6))


# What follows tells what localstripe lacks: why there is a lens.


async def test_it_has_not_heard_of_three_fields_of_ours(bare):
    with pytest.raises(Refused) as caught:
        await bare.create_payment(new(), key="payment:1:1")
    assert sorted(caught.value.message.removeprefix("Unexpected ").split(", ")) == sorted(Lens.UNHEARD_OF)


async def test_it_has_no_search(bare):
    with pytest.raises(NotThere):
        await bare.find_payment(our_id(1))
    with pytest.raises(NotThere):
        await bare.ensure_customer(our_id(9), "ada@example.com", key="customer:9:1")


async def test_a_captured_payment_that_does_not_say_how_much_stays_in_doubt(bare, stripe, localstripe):
    done = await paid(stripe, localstripe)
    with pytest.raises(Unknown, match="KeyError"):
        await bare.get_payment(done.reference)


async def test_it_makes_no_keys_for_the_apps_sdk(stripe):
    made = await stripe.create_payment(new(), key="payment:1:1")
    with pytest.raises(NotThere):
        await stripe.client_parameters(made.reference, customer="cus_1")
