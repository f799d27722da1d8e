"""What goes over the wire to Stripe, and what its answers become."""

import asyncio
from datetime import timedelta

import pytest

from cleanly.kernel.money import Money
from cleanly.kernel.net import Http
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.protocol import DisputeSnapshot, NewPayment, RefundSnapshot
from cleanly.platform.providers.stripe.adapter import API_VERSION, Stripe
from cleanly.platform.providers.stripe.wire import Wire
from tests.platform.providers.contract import our_id
from tests.platform.providers.stripe.conftest import settings

EUR = Money(10_000, "EUR")


def new(number: int = 1, money: Money = EUR, **changed) -> NewPayment:
    fields = {
        "our_id": our_id(number),
        "money": money,
        "capture": "automatic",
        "customer": None,
        "description": "A bicycle",
        "transfer_group": str(our_id(number)),
    }
    return NewPayment(**{**fields, **changed})


async def paid(stripe, wire, number: int = 1, **changed):
    made = await stripe.create_payment(new(number, **changed), key=f"payment:{number}:1")
    wire.approve(made.reference)
    return await stripe.get_payment(made.reference)


async def test_a_call_carries_our_key_our_version_and_nothing_made_up(stripe, wire):
    await stripe.create_payment(new(), key="payment:1:1")
    [call] = wire.sent("POST", "/v1/payment_intents")
    assert call.headers["idempotency-key"] == "payment:1:1"
    assert call.headers["stripe-version"] == API_VERSION == "2026-10-28.endive"
    assert call.headers["authorization"] == "Bearer sk_test_of_the_tests"
    assert call.body["amount"] == "10000"
    assert call.body["currency"] == "eur"
    assert call.body["metadata[cleanly_id]"] == str(our_id(1))
    assert "customer" not in call.body


async def test_no_key_leaks_from_one_call_into_the_next(stripe, wire):
    await stripe.create_payment(new(1), key="payment:1:1")
    await stripe.create_payment(new(2), key="payment:2:1")
    await stripe.find_payment(our_id(2))
    keys = [call.headers.get("idempotency-key") for call in wire.calls]
    assert keys == ["payment:1:1", "payment:2:1", None]


@pytest.mark.parametrize(("currency", "ours", "theirs"), [("JPY", 1250, "1250"), ("UGX", 5, "500"), ("MGA", 500, "5")])
async def test_amounts_are_stripes(stripe, wire, currency, ours, theirs):
    made = await stripe.create_payment(new(money=Money(ours, currency)), key="payment:1:1")
    assert wire.calls[-1].body["amount"] == theirs
    assert made.money == Money(ours, currency)


async def test_what_stripe_cannot_charge_exactly_is_refused_before_anything_is_sent(stripe, wire):
    with pytest.raises(Refused, match="currency_not_exact"):
        await stripe.create_payment(new(money=Money(1234, "KWD")), key="payment:1:1")
    assert wire.calls == []


@pytest.mark.parametrize("fault", ["500 before", "500 after", "cut before", "cut after", "409", "nonsense"])
async def test_doubt_is_unknown_and_nothing_is_repeated(stripe, wire, fault):
    wire.next(fault)
    with pytest.raises(Unknown):
        await stripe.create_payment(new(), key="payment:1:1")
    assert len(wire.calls) == 1


async def test_a_busy_stripe_says_when_to_come_again(stripe, wire):
    wire.next("429")
    with pytest.raises(NotSent) as caught:
        await stripe.create_payment(new(), key="payment:1:1")
    assert caught.value.retry_after_seconds == 7
    assert len(wire.calls) == 1


async def test_a_closed_port_sent_nothing():
    stripe = Stripe(settings(stripe_api_base="http://127.0.0.1:9"), http=Http.to_known())
    with pytest.raises(NotSent):
        await stripe.create_payment(new(), key="payment:1:1")
    await stripe.close()


async def test_a_key_with_other_content_leaves_it_in_doubt_so_that_no_other_key_follows(stripe, wire):
    await stripe.create_payment(new(), key="payment:1:1")
    with pytest.raises(Unknown, match="idempotency_error"):
        await stripe.create_payment(new(money=Money(1, "EUR")), key="payment:1:1")
    assert sum(it["object"] == "payment_intent" for it in wire.objects.values()) == 1


async def test_payment_sheet_gets_a_key_made_for_the_apps_sdk(stripe, wire):
    customer = await stripe.ensure_customer(our_id(9), "ada@example.com", key="customer:9:1")
    made = await stripe.create_payment(new(customer=customer), key="payment:1:1")
    told = await stripe.client_parameters(made.reference, customer=customer)
    assert told == {
        "clientSecret": wire.objects[made.reference]["client_secret"],
        "customer": customer,
        "ephemeralKey": f"ek_test_{customer}",
        "publishableKey": "pk_test_of_the_tests",
    }
    [call] = wire.sent("POST", "/v1/ephemeral_keys")
    assert call.headers["stripe-version"] == "2026-03-31.basil"
    assert wire.sent("POST", "/v1/payment_intents")[0].body["customer"] == customer


async def test_a_decline_waits_for_the_buyer_and_says_why(stripe, wire):
    made = await stripe.create_payment(new(), key="payment:1:1")
    wire.decline(made.reference, "insufficient_funds")
    seen = await stripe.get_payment(made.reference)
    assert (seen.state, seen.decline_code, seen.charge) == ("requires_action", "insufficient_funds", None)
    wire.approve(made.reference)
    seen = await stripe.get_payment(made.reference)
    assert (seen.state, seen.decline_code) == ("captured", None)


async def test_an_authorization_tells_until_when_it_holds(stripe, wire, clock):
    held = await paid(stripe, wire, capture="manual")
    assert held.state == "authorized"
    assert held.authorized_until == clock.now() + timedelta(days=7)


async def test_a_capture_whose_key_was_forgotten_is_a_success_if_it_took_as_much(stripe, wire):
    held = await paid(stripe, wire, capture="manual")
    part = Money(7500, "EUR")
    taken = await stripe.capture_payment(held.reference, part, key="capture:1:1")
    wire.keys.clear()
    assert await stripe.capture_payment(held.reference, part, key="capture:1:1") == taken
    with pytest.raises(Refused, match="unexpected_state"):
        await stripe.capture_payment(held.reference, EUR, key="capture:1:2")
    assert sum(line["reporting_category"] == "charge" for line in wire.books) == 1


async def test_giving_up_twice_is_once(stripe, wire):
    held = await paid(stripe, wire, capture="manual")
    gone = await stripe.cancel_payment(held.reference, key="cancel:1:1")
    wire.keys.clear()
    assert await stripe.cancel_payment(held.reference, key="cancel:1:1") == gone


async def test_a_refund_made_in_the_dashboard_has_no_id_of_ours(stripe, wire):
    done = await paid(stripe, wire)
    made = wire.refund({"payment_intent": done.reference, "amount": "500"})
    seen = await stripe.get_refund(made["id"])
    assert (seen.our_id, seen.payment_reference, seen.money) == (None, done.reference, Money(500, "EUR"))
    assert await stripe.find_refund(done.reference, our_id(1)) is None


async def test_a_refund_is_found_behind_many_others(stripe, wire):
    done = await paid(stripe, wire)
    for number in range(120):
        body = {"payment_intent": done.reference, "amount": "1", "metadata[cleanly_id]": str(our_id(1000 + number))}
        wire.refund(body)
    found = await stripe.find_refund(done.reference, our_id(1000))
    assert found is not None
    assert found.our_id == our_id(1000)
    assert len(wire.sent("GET", "/v1/refunds")) == 2


async def test_a_disputes_money_is_in_its_movements(stripe, wire, clock):
    done = await paid(stripe, wire)
    dispute = wire.dispute(done.reference)
    push = wire.pushed[-1]
    event = await stripe.verify_webhook(push.headers, push.body, now=clock.now())
    seen = await stripe.fetch_object(event)
    assert isinstance(seen, DisputeSnapshot)
    assert (seen.state, seen.payment_reference, seen.reason) == ("needs_response", done.reference, "fraudulent")
    [moved] = seen.movements
    assert (moved.kind, moved.money, moved.entry) == ("withdrawn", EUR, dispute["balance_transactions"][0]["id"])
    assert seen.evidence_due_at == clock.now() + timedelta(days=9)


async def test_events_lead_to_what_they_are_about(stripe, wire, clock):
    done = await paid(stripe, wire)
    await stripe.refund(done.reference, str(done.charge), EUR, our_id=our_id(5), key="refund:5:1")
    events = [await stripe.verify_webhook(it.headers, it.body, now=clock.now()) for it in wire.pushed]
    assert [event.type for event in events] == ["payment_intent.succeeded", "refund.created"]
    seen = [await stripe.fetch_object(event) for event in events]
    assert seen[0] == done
    assert isinstance(seen[1], RefundSnapshot)


async def test_the_books_are_read_forward_from_any_time(stripe, wire, clock):
    began = clock.now()
    for number in range(250):
        clock.move(seconds=60)
        wire.book("charge", f"ch_{number}", 100, "eur", fee=10)

    async def read(since) -> list[str]:
        found, cursor = [], None
        while True:
            page = await stripe.list_entries(since, cursor)
            found += [entry.source for entry in page.entries]
            if (cursor := page.cursor) is None:
                return found

    whole = [f"ch_{number}" for number in range(250)]
    assert await read(began) == whole  # nothing older: the first import
    assert await read(began + timedelta(seconds=60 * 51)) == whole[50:]
    assert await read(clock.now()) == whole[-1:]
    assert await read(clock.now() + timedelta(seconds=1)) == []


async def test_an_entry_says_what_it_is_and_floats_stay_text(stripe, wire, clock):
    began = clock.now()
    await stripe.list_entries(began, None)
    wire.book("dispute", "dp_1", -10_000, "eur", fee=1500)["exchange_rate"] = 1.1016
    wire.book("dispute_reversal", "dp_1", 10_000, "eur")
    wire.book("payout", "po_1", -500, "eur")
    wire.book("unheard_of", "x_1", 1, "eur")
    page = await stripe.list_entries(began, None)
    assert [entry.kind for entry in page.entries] == ["dispute", "dispute_reversal", "payout", "other"]
    lost = page.entries[0]
    assert (lost.gross, lost.fee, lost.net) == (Money(-10_000, "EUR"), Money(1500, "EUR"), Money(-11_500, "EUR"))
    assert lost.meta["exchange_rate"] == "1.1016"
    assert lost.available_on == clock.now() + timedelta(days=2)


async def test_listed_events_are_the_pushed_ones_page_by_page(stripe, wire, clock):
    for _ in range(120):
        wire.tell("payment_intent.succeeded", wire.put("pi", "payment_intent"))
    found, cursor = [], None
    while True:
        page = await stripe.list_events(clock.now(), cursor)
        found += [it.event.id for it in page.events]
        if (cursor := page.cursor) is None:
            break
    assert found == [event["id"] for event in reversed(wire.events)]
    pushed = await stripe.verify_webhook(wire.pushed[-1].headers, wire.pushed[-1].body, now=clock.now())
    assert found[0] == pushed.id


async def test_parallel_calls_keep_their_keys_apart(stripe, wire):
    made = await asyncio.gather(*(stripe.create_payment(new(n), key=f"payment:{n}:1") for n in range(20)))
    assert {it.our_id for it in made} == {our_id(n) for n in range(20)}
    assert len({it.reference for it in made}) == 20


def test_a_call_that_would_block_is_refused():
    with pytest.raises(RuntimeError):
        Wire(Http.to_known()).request("get", "https://api.stripe.com", {})
