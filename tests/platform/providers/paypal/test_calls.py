"""What goes over the wire to PayPal, and what its answers become."""

from datetime import timedelta

import pytest

from cleanly.kernel.money import Money
from cleanly.kernel.net import Http
from cleanly.platform.providers.errors import NotSent, Refused, Unknown, UnsupportedByProvider
from cleanly.platform.providers.paypal.adapter import PayPal
from cleanly.platform.providers.paypal.client import Client
from cleanly.platform.providers.protocol import DisputeSnapshot, NewPayment
from tests.platform.providers.contract import our_id
from tests.platform.providers.paypal.conftest import settings

EUR = Money(10_000, "EUR")
ORDERS = "/v2/checkout/orders"


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


async def approved(paypal, wire, number: int = 1, **changed) -> str:
    made = await paypal.create_payment(new(number, **changed), key=f"payment:{number}:1")
    wire.approve(made.reference)
    return made.reference


async def paid(paypal, wire, number: int = 1, **changed):
    reference = await approved(paypal, wire, number, **changed)
    capture = changed.get("capture", "automatic")
    return await paypal.complete_payment(reference, capture=capture, key=f"complete:{number}:1")


async def test_a_call_carries_our_key_and_asks_for_the_whole_object(paypal, wire):
    made = await paypal.create_payment(new(), key="payment:1:1")
    [call] = wire.sent("POST", ORDERS)
    assert call.headers["paypal-request-id"] == "payment:1:1"
    assert call.headers["prefer"] == "return=representation"
    assert call.headers["authorization"] == "Bearer token-1"
    unit = call.body["purchase_units"][0]
    assert unit["amount"] == {"currency_code": "EUR", "value": "100.00"}
    assert unit["custom_id"] == str(our_id(1))
    assert call.body["intent"] == "CAPTURE"
    assert (made.state, made.decline_code) == ("requires_action", None)


@pytest.mark.parametrize(
    ("currency", "ours", "theirs"), [("JPY", 1250, "1250"), ("HUF", 1200, "12"), ("TWD", 100, "1")]
)
async def test_amounts_are_paypals(paypal, wire, currency, ours, theirs):
    made = await paypal.create_payment(new(money=Money(ours, currency)), key="payment:1:1")
    assert wire.sent("POST", ORDERS)[0].body["purchase_units"][0]["amount"]["value"] == theirs
    assert made.money == Money(ours, currency)


async def test_what_paypal_cannot_charge_exactly_is_refused_before_anything_is_sent(paypal, wire):
    for money in (Money(1250, "HUF"), Money(1000, "KWD")):
        with pytest.raises(Refused, match="currency_not_exact"):
            await paypal.create_payment(new(money=money), key="payment:1:1")
    assert wire.calls == []


async def test_a_key_that_does_not_fit_is_a_bug_and_is_not_cut(paypal, wire):
    with pytest.raises(ValueError, match="Request-Id"):
        await paypal.create_payment(new(), key="k" * 109)
    assert wire.calls == []


@pytest.mark.parametrize("fault", ["500 before", "500 after", "cut before", "cut after", "409", "nonsense"])
async def test_doubt_is_unknown_and_nothing_is_repeated(paypal, wire, fault):
    wire.next(fault)
    with pytest.raises(Unknown):
        await paypal.create_payment(new(), key="payment:1:1")
    assert len(wire.sent("POST", ORDERS)) == 1


async def test_a_busy_paypal_says_when_to_come_again(paypal, wire):
    wire.next("429")
    with pytest.raises(NotSent) as caught:
        await paypal.create_payment(new(), key="payment:1:1")
    assert caught.value.retry_after_seconds == 7


async def test_a_closed_port_sent_nothing(certificates, clock, seconds):
    found = settings(paypal_base_url="http://127.0.0.1:9")
    client = Client(found, http=Http.to_known(), monotonic=seconds)
    paypal = PayPal(found, client=client, certificates=certificates, outside=Http.to_anyone(), clock=clock)
    with pytest.raises(NotSent):
        await paypal.create_payment(new(), key="payment:1:1")
    await paypal.close()


async def test_paypal_has_no_customers_of_ours(paypal, wire):
    with pytest.raises(UnsupportedByProvider):
        await paypal.ensure_customer(our_id(1), "ada@example.com", key="customer:1:1")
    assert wire.calls == []


async def test_the_app_gets_the_order_and_where_to_approve_it(paypal, wire):
    made = await paypal.create_payment(new(), key="payment:1:1")
    told = await paypal.client_parameters(made.reference, customer=None)
    assert told["orderId"] == made.reference
    assert told["approveUrl"].endswith(f"token={made.reference}")


async def test_an_order_that_nobody_approved_is_only_looked_at(paypal, wire):
    made = await paypal.create_payment(new(), key="payment:1:1")
    seen = await paypal.complete_payment(made.reference, capture="automatic", key="complete:1:1")
    assert seen.state == "requires_action"
    assert wire.sent("POST", f"{ORDERS}/{made.reference}/capture") == []


async def test_an_order_captured_before_is_a_success_to_be_fetched(paypal, wire):
    reference = await approved(paypal, wire)
    whole = wire.route

    def route(call):
        if call.path.endswith("/capture") and not wire.parts["captures"]:
            wire.complete(reference, "CAPTURE")  # somebody else is faster
        return whole(call)

    wire.route = route
    seen = await paypal.complete_payment(reference, capture="automatic", key="complete:1:1")
    assert (seen.state, seen.captured) == ("captured", 10_000)
    assert len(wire.parts["captures"]) == 1


async def test_two_who_complete_at_once_capture_once(paypal, wire):
    reference = await approved(paypal, wire)
    first = await paypal.complete_payment(reference, capture="automatic", key="complete:1:1")
    again = await paypal.complete_payment(reference, capture="automatic", key="complete:1:1")
    assert first == again
    assert len(wire.parts["captures"]) == 1


async def test_a_pending_capture_is_processing_and_no_success(paypal, wire):
    wire.capture_status = "PENDING"
    seen = await paid(paypal, wire)
    assert (seen.state, seen.captured) == ("processing", 0)
    [capture] = wire.parts["captures"].values()
    assert seen.charge == capture["id"]
    capture["status"] = "COMPLETED"
    seen = await paypal.get_payment(seen.reference)
    assert (seen.state, seen.captured) == ("captured", 10_000)


async def test_a_declined_capture_failed_and_says_why(paypal, wire):
    wire.capture_status = "DECLINED"
    seen = await paid(paypal, wire)
    assert (seen.state, seen.captured, seen.charge, seen.decline_code) == ("failed", 0, None, "DECLINED")


async def test_a_look_that_fails_after_the_capture_leaves_it_in_doubt(paypal, wire):
    held = await paid(paypal, wire, capture="manual")
    whole, looks = wire.route, []

    def route(call):
        if call.method == "GET":
            looks.append(call)
            if len(looks) == 2:
                wire.orders.pop(held.reference)
        return whole(call)

    wire.route = route
    with pytest.raises(Unknown, match="changed"):
        await paypal.capture_payment(held.reference, EUR, key="capture:1:1")


async def test_an_order_that_cannot_be_read_is_not_captured(paypal, wire):
    held = await paid(paypal, wire, capture="manual")
    wire.orders[held.reference] = {"nonsense": True}
    with pytest.raises(Unknown):
        await paypal.capture_payment(held.reference, EUR, key="capture:1:1")
    assert wire.parts["captures"] == {}
    assert [call for call in wire.calls if call.path.endswith("/capture")] == []


async def test_an_authorization_tells_until_when_it_holds(paypal, wire):
    held = await paid(paypal, wire, capture="manual")
    assert held.state == "authorized"
    assert str(held.authorized_until) == "2026-12-21 12:00:00+00:00"


async def test_a_capture_whose_key_was_forgotten_is_a_success_if_it_took_as_much(paypal, wire):
    held = await paid(paypal, wire, capture="manual")
    part = Money(7500, "EUR")
    taken = await paypal.capture_payment(held.reference, part, key="capture:1:1")
    wire.keys.clear()
    assert await paypal.capture_payment(held.reference, part, key="capture:1:1") == taken
    with pytest.raises(Refused):
        await paypal.capture_payment(held.reference, EUR, key="capture:1:2")
    assert len(wire.parts["captures"]) == 1


async def test_giving_up_an_order_that_nobody_captured_moves_nothing(paypal, wire):
    reference = await approved(paypal, wire)
    assert (await paypal.cancel_payment(reference, key="cancel:1:1")).state == "canceled"
    assert wire.parts["captures"] == {}


async def test_a_void_takes_no_key_and_is_not_repeated(paypal, wire):
    held = await paid(paypal, wire, capture="manual")
    gone = await paypal.cancel_payment(held.reference, key="cancel:1:1")
    assert gone.state == "canceled"
    assert await paypal.cancel_payment(held.reference, key="cancel:1:1") == gone
    voids = [call for call in wire.calls if call.path.endswith("/void")]
    assert len(voids) == 1
    assert "paypal-request-id" not in voids[0].headers


async def test_a_refund_made_in_the_console_is_not_taken_for_ours(paypal, wire):
    done = await paid(paypal, wire)
    made = wire.refund(done.charge, {"amount": {"currency_code": "EUR", "value": "5.00"}})
    assert made["custom_id"] == str(our_id(1))
    seen = await paypal.get_refund(made["id"])
    assert (seen.our_id, seen.payment_reference, seen.money) == (None, done.reference, Money(500, "EUR"))
    assert await paypal.find_refund(done.reference, our_id(1)) is None


@pytest.mark.parametrize(
    ("status", "state"),
    [("PENDING", "pending"), ("FAILED", "failed"), ("CANCELLED", "failed"), ("COMPLETED", "succeeded")],
)
async def test_a_refund_may_wait_and_may_fail(paypal, wire, status, state):
    done = await paid(paypal, wire)
    made = await paypal.refund(done.reference, str(done.charge), EUR, our_id=our_id(3), key="refund:3:1")
    wire.parts["refunds"][made.reference]["status"] = status
    seen = await paypal.get_refund(made.reference)
    assert seen.state == state
    assert (seen.failure_code is not None) is (state == "failed")


async def test_a_disputes_money_is_ours_and_without_its_fees(paypal, wire, clock):
    done = await paid(paypal, wire)
    dispute = wire.dispute(wire.parts["captures"][done.charge])
    event = await paypal.verify_webhook(wire.pushed[-1].headers, wire.pushed[-1].body, now=clock.now())
    assert (event.kind, event.object, event.our_id) == ("dispute", dispute["dispute_id"], our_id(1))
    seen = await paypal.fetch_object(event)
    assert isinstance(seen, DisputeSnapshot)
    assert (seen.state, seen.payment_reference) == ("needs_response", done.reference)
    assert [(moved.kind, moved.money) for moved in seen.movements] == [("withdrawn", EUR)]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("RESOLVED_BUYER_FAVOUR", "lost"),
        ("ACCEPTED", "lost"),
        ("RESOLVED_SELLER_FAVOUR", "won"),
        ("RESOLVED_WITH_PAYOUT", "won"),
        ("CANCELED_BY_BUYER", "closed"),
        ("NONE", "closed"),
    ],
)
async def test_a_dispute_ends_as_its_outcome_says(paypal, wire, outcome, state):
    done = await paid(paypal, wire)
    dispute = wire.dispute(wire.parts["captures"][done.charge])
    dispute |= {"status": "RESOLVED", "dispute_outcome": {"outcome_code": outcome}}
    assert (await paypal.get_dispute(dispute["dispute_id"])).state == state


async def test_a_dispute_of_somebody_elses_payment_names_that(paypal, wire):
    dispute = wire.dispute({"id": "9AB", "amount": {"currency_code": "EUR", "value": "1.00"}})
    assert (await paypal.get_dispute(dispute["dispute_id"])).payment_reference == "9AB"


async def test_an_event_that_names_only_the_capture_leads_to_its_order(paypal, wire, clock):
    done = await paid(paypal, wire, capture="manual")
    await paypal.capture_payment(done.reference, EUR, key="capture:1:1")
    [capture] = wire.parts["captures"].values()
    del capture["supplementary_data"]  # then the way leads over the authorization
    wire.tell("PAYMENT.CAPTURE.COMPLETED", "capture", capture)
    event = await paypal.verify_webhook(wire.pushed[-1].headers, wire.pushed[-1].body, now=clock.now())
    assert (event.object, event.our_id) == (capture["id"], our_id(1))
    seen = await paypal.fetch_object(event)
    assert seen is not None
    assert seen.reference == done.reference


async def test_an_event_of_something_else_is_about_nothing(paypal, wire, clock):
    wire.tell("MERCHANT.ONBOARDING.COMPLETED", "merchant-onboarding", {"merchant_id": "X"})
    event = await paypal.verify_webhook(wire.pushed[-1].headers, wire.pushed[-1].body, now=clock.now())
    assert event.kind == "other"
    assert await paypal.fetch_object(event) is None


async def test_the_report_is_read_page_by_page_and_month_by_month(paypal, wire, clock):
    began = clock.now()
    wire.page_size = 3
    for day in range(40):
        clock.move(days=1)
        wire.reported("T0006", f"CAPTURE{day}", 10, -1, {"currency_code": "EUR"})
    found, cursor = [], None
    while True:
        page = await paypal.list_entries(began, cursor)
        found += page.entries
        if (cursor := page.cursor) is None:
            break
    assert list(dict.fromkeys(entry.source for entry in found)) == [f"CAPTURE{day}" for day in range(40)]
    for call in wire.sent("GET", "/v1/reporting/transactions"):
        assert call.query["end_date"] > call.query["start_date"]
    assert (found[0].gross, found[0].fee, found[0].net) == (Money(1000, "EUR"), Money(100, "EUR"), Money(900, "EUR"))


async def test_listed_events_follow_pages_but_never_another_host(paypal, wire, clock):
    began = clock.now()
    wire.page_size = 4
    for number in range(10):
        wire.tell("CHECKOUT.ORDER.APPROVED", "checkout-order", {"id": f"O{number}", "purchase_units": [{}]})
    clock.move(seconds=1)
    found, cursor = [], None
    while True:
        page = await paypal.list_events(began - timedelta(minutes=1), cursor)
        found += [it.event.object for it in page.events]
        if (cursor := page.cursor) is None:
            break
    assert found == [f"O{number}" for number in reversed(range(10))]


@pytest.mark.parametrize("reference", ["../../v1/oauth2/token", "a/b", "a?b=c", "", "a" * 65, "ä"])
async def test_what_is_no_id_is_not_put_into_an_address(paypal, wire, reference):
    with pytest.raises(Refused, match="not_an_id"):
        await paypal.get_payment(reference)
    assert wire.calls == []
