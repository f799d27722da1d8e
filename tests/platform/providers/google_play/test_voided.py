"""What Google took back, page by page."""

from datetime import timedelta

import pytest

from cleanly.platform.providers.errors import Unknown


async def every(play, since):
    found, cursor = [], None
    while True:
        page = await play.list_voided(since, cursor)
        found += page.purchases
        if (cursor := page.cursor) is None:
            return found


async def test_a_voided_purchase_is_told_whole(play, wire, clock, ada):
    token = wire.subscribe(ada)
    bought = clock.now()
    clock.move(hours=5)
    order = wire.void(token, reason=7, source=2)
    [seen] = await every(play, bought)
    assert (seen.token, seen.order_id, seen.quantity) == (token, order, None)
    assert (seen.voided_at, seen.purchased_at) == (clock.now(), bought)
    assert (seen.voided_by, seen.because) == ("google", "chargeback")


async def test_no_voided_purchases_are_no_fault(play, clock):
    assert await every(play, clock.now()) == []


async def test_pages_are_followed_to_the_last_and_only_what_came_since_is_told(play, wire, clock, ada):
    for _ in range(3):
        wire.void(wire.buy(ada))
    clock.move(days=1)
    since = clock.now()
    tokens = [wire.buy(ada) for _ in range(7)]
    for token in tokens:
        wire.void(token)
    wire.page_size = 3
    assert [seen.token for seen in await every(play, since)] == tokens
    asked = wire.sent("GET", wire.calls[-1].path)
    assert [call.query.get("token") for call in asked] == [None, "3", "6"]
    assert {call.query["type"] for call in asked} == {"1"}, "subscriptions too"
    assert {call.query["includeQuantityBasedPartialRefund"] for call in asked} == {"true"}


async def test_what_is_older_than_google_remembers_is_not_asked_for(play, wire, clock, ada):
    wire.void(wire.buy(ada))
    clock.move(days=31)
    assert await every(play, clock.now() - timedelta(days=400)) == []


async def test_what_nobody_acknowledged_for_three_days_is_given_back(play, wire, clock, ada):
    late, known, pending = wire.subscribe(ada), wire.buy(ada), wire.buy(ada, is_pending=True)
    await play.acknowledge_product(known, "coins")
    clock.move(days=2, hours=23)
    assert wire.refund_unacknowledged() == []
    clock.move(hours=1)
    assert wire.refund_unacknowledged() == [late]
    [seen] = await every(play, clock.now())
    assert (seen.token, seen.because) == (late, "unacknowledged")
    assert (await play.get_subscription(late)).state == "expired"
    assert (await play.get_product(pending)).state == "pending"


async def test_a_part_of_an_order_says_how_much_and_unknown_reasons_are_none(play, wire, clock, ada):
    wire.void(wire.buy(ada, quantity=5))
    wire.voided[0] |= {"voidedQuantity": 2, "voidedReason": 99, "voidedSource": 99}
    wire.voided[0].pop("orderId")
    [seen] = await every(play, clock.now())
    assert (seen.quantity, seen.because, seen.voided_by, seen.order_id) == (2, None, None, None)


@pytest.mark.parametrize("changed", [{"purchaseToken": None}, {"voidedTimeMillis": "soon"}, {"voidedQuantity": "2"}])
async def test_a_list_that_can_not_be_read_tells_nothing(play, wire, clock, ada, changed):
    wire.void(wire.buy(ada))
    wire.voided[0] |= changed
    with pytest.raises(Unknown):
        await every(play, clock.now())
