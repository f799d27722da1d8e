"""One-time purchases and orders as our values."""

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import Refused, Unknown
from cleanly.platform.providers.purchases import TokenGone, TokenUnknown


async def test_a_purchase_is_told_whole(play, wire, clock, ada):
    token = wire.buy(ada, quantity=3)
    seen = await play.get_product(token)
    assert (seen.token, seen.state, seen.account_id, seen.region) == (token, "purchased", ada, "DE")
    assert (seen.is_acknowledged, seen.is_test, seen.purchased_at) == (False, False, clock.now())
    assert seen.order_id == next(iter(wire.orders))
    [item] = seen.items
    assert (item.product_id, item.quantity, item.refundable, item.is_consumed) == ("coins", 3, 3, False)
    assert (item.option, item.offer) == ("buy", None)


async def test_a_purchase_may_wait_for_its_payment_and_may_never_get_it(play, wire, ada):
    paid, unpaid = wire.buy(ada, is_pending=True), wire.buy(ada, is_pending=True)
    seen = await play.get_product(paid)
    assert (seen.state, seen.order_id, seen.purchased_at) == ("pending", None, None)
    wire.complete(paid)
    wire.give_up(unpaid)
    assert (await play.get_product(paid)).state == "purchased"
    assert (await play.get_product(unpaid)).state == "canceled"


async def test_a_purchase_that_was_taken_back_is_canceled(play, wire, ada):
    token = wire.buy(ada)
    wire.void(token)
    seen = await play.get_product(token)
    assert (seen.state, seen.items[0].refundable) == ("canceled", 0)


async def test_what_is_left_out_is_one_and_not_told(play, wire, ada):
    token = wire.buy(ada)
    wire.purchases[token] |= {"productLineItem": [{"productId": "coins", "new": 1}], "testPurchaseContext": {}}
    seen = await play.get_product(token)
    assert (seen.items[0].quantity, seen.items[0].refundable, seen.items[0].is_consumed) == (1, None, False)
    assert seen.is_test


async def test_a_consumed_one_says_so(play, wire, ada):
    token = wire.buy(ada)
    offer = wire.purchases[token]["productLineItem"][0]["productOfferDetails"]
    offer["consumptionState"] = "CONSUMPTION_STATE_CONSUMED"
    assert (await play.get_product(token)).items[0].is_consumed


@pytest.mark.parametrize(
    "changed",
    [
        {"purchaseStateContext": {"purchaseState": "PROMISED"}},
        {"purchaseStateContext": None},
        {"productLineItem": [{"productId": ""}]},
        {"productLineItem": [{"productId": "coins", "productOfferDetails": {"quantity": "3"}}]},
        {"productLineItem": [{"productId": "coins", "productOfferDetails": {"refundableQuantity": True}}]},
    ],
)
async def test_what_can_not_be_read_tells_nothing(play, wire, ada, changed):
    token = wire.buy(ada)
    wire.purchases[token] |= changed
    with pytest.raises(Unknown):
        await play.get_product(token)


async def test_a_token_that_google_does_not_know_is_told_from_one_that_it_forgot(play, wire, ada):
    with pytest.raises(TokenUnknown):
        await play.get_product("x" * 100)
    token = wire.buy(ada)
    wire.forget(token)
    with pytest.raises(TokenGone):
        await play.get_product(token)


async def test_an_order_tells_what_was_paid_and_for_which_purchase(play, wire, clock, ada):
    token = wire.subscribe(ada)
    first = next(iter(wire.orders))
    seen = await play.get_order(first)
    assert (seen.id, seen.token, seen.state, seen.created_at) == (first, token, "processed", clock.now())
    assert (seen.total, seen.tax) == (Money(999, "EUR"), Money(160, "EUR"))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PENDING", "pending"),
        ("CANCELED", "canceled"),
        ("PENDING_REFUND", "refunding"),
        ("PARTIALLY_REFUNDED", "partially_refunded"),
        ("REFUNDED", "refunded"),
    ],
)
async def test_an_order_has_a_state(play, wire, ada, word, state):
    wire.buy(ada)
    [order] = wire.orders
    wire.orders[order]["state"] = word
    assert (await play.get_order(order)).state == state


async def test_an_order_that_is_not_there_is_refused(play, wire):
    with pytest.raises(Refused, match="orderNotFound"):
        await play.get_order("GPA.1")
    with pytest.raises(Refused, match="not_an_id"):
        await play.get_order("GPA.1:refund")
