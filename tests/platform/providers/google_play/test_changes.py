"""What we change at Google: each change may be asked for again, and what was done before is a success."""

import pytest

from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.purchases import TokenGone, TokenUnknown


async def test_an_acknowledgement_arrives_once_however_often_it_is_sent(play, wire, ada):
    subscription, product = wire.subscribe(ada), wire.buy(ada)
    for _ in range(3):
        await play.acknowledge_subscription(subscription, "premium")
        await play.acknowledge_product(product, "coins")
    assert wire.acknowledged == [subscription, product]
    assert (await play.get_subscription(subscription)).is_acknowledged
    assert (await play.get_product(product)).is_acknowledged


@pytest.mark.parametrize("fault", ["500 after", "cut after", "nonsense"])
async def test_an_acknowledgement_in_doubt_is_unknown_and_the_next_try_is_a_success(play, wire, ada, fault):
    token = wire.buy(ada)
    wire.next(fault)
    with pytest.raises(Unknown):
        await play.acknowledge_product(token, "coins")
    await play.acknowledge_product(token, "coins")
    assert wire.acknowledged == [token]


async def test_an_acknowledgement_that_google_refuses_for_good_is_refused(play, wire, ada):
    pending, product = wire.subscribe(ada, is_pending=True), wire.buy(ada)
    with pytest.raises(Refused, match="productNotOwnedByUser"):
        await play.acknowledge_subscription(pending, "premium")
    with pytest.raises(Refused, match="DoesNotMatch"):
        await play.acknowledge_product(product, "diamonds")
    with pytest.raises(TokenUnknown):
        await play.acknowledge_product("x" * 50, "coins")
    wire.forget(product)
    with pytest.raises(TokenGone):
        await play.acknowledge_product(product, "coins")
    assert wire.acknowledged == []


async def test_a_refused_acknowledgement_that_can_not_be_looked_at_stays_in_doubt(play, wire, ada):
    token = wire.buy(ada)
    await play.acknowledge_product(token, "coins")
    wire.looks.extend(["cut", "cut"])
    with pytest.raises(Unknown):
        await play.acknowledge_product(token, "coins")


async def test_who_came_back_by_googles_pages_is_named_by_the_acknowledgement(play, wire, ada):
    token = wire.subscribe(None, outOfAppPurchaseContext={"expiredPurchaseToken": "s" * 40})
    await play.acknowledge_subscription(token, "premium", account_id=ada)
    assert (await play.get_subscription(token)).account_id == ada
    assert wire.calls[-2].body == {"externalAccountIds": {"obfuscatedAccountId": ada}}


async def test_a_cancellation_stops_the_renewals_once(play, wire, ada):
    token = wire.subscribe(ada)
    for _ in range(2):
        await play.cancel_subscription(token)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.cancel_at_period_end, seen.canceled_by) == ("active", True, "user")


async def test_one_that_may_not_be_restored_is_not_content_with_the_buyers_own(play, wire, ada):
    token = wire.subscribe(ada)
    wire.cancel(token)
    with pytest.raises(Refused):
        await play.cancel_subscription(token, may_be_restored=False)
    wire.restart(token)
    for _ in range(2):
        await play.cancel_subscription(token, may_be_restored=False)
    assert (await play.get_subscription(token)).canceled_by == "developer"


async def test_what_is_over_needs_no_cancellation(play, wire, ada):
    token = wire.subscribe(ada)
    wire.expire(token)
    await play.cancel_subscription(token)


async def test_a_cancellation_that_google_refuses_is_refused(play, wire, ada):
    token = wire.subscribe(ada)
    wire.hold(token)
    with pytest.raises(Refused, match="subscriptionInvalidState"):
        await play.cancel_subscription(token)


@pytest.mark.parametrize(("refund", "word"), [("full", "fullRefund"), ("prorated", "proratedRefund")])
async def test_a_revocation_ends_it_now_and_gives_the_money_back_once(play, wire, ada, refund, word):
    token = wire.subscribe(ada)
    for _ in range(2):
        await play.revoke_subscription(token, refund=refund)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.canceled_by) == ("expired", "developer")
    assert [it["orderId"] for it in wire.voided] == [seen.order_id]
    [first, *_] = [call for call in wire.calls if call.path.endswith(":revoke")]
    assert first.body == {"revocationContext": {word: {}}}


async def test_one_that_ended_by_itself_was_not_given_back(play, wire, ada):
    token = wire.subscribe(ada)
    wire.expire(token)
    with pytest.raises(Refused):
        await play.revoke_subscription(token, refund="full")
    assert wire.voided == []


@pytest.mark.parametrize("revoke", [True, False])
async def test_an_order_is_given_back_once_and_what_it_bought_goes_if_we_say_so(play, wire, ada, revoke):
    token = wire.buy(ada)
    [order] = wire.orders
    for _ in range(2):
        await play.refund_order(order, revoke=revoke)
    assert len(wire.voided) == 1
    assert (await play.get_order(order)).state == "refunded"
    assert (await play.get_product(token)).state == ("canceled" if revoke else "purchased")


async def test_an_order_that_google_will_not_give_back_is_refused(play, wire, ada):
    wire.buy(ada)
    [order] = wire.orders
    wire.orders[order]["state"] = "PARTIALLY_REFUNDED"
    with pytest.raises(Refused, match="orderNotRefundable"):
        await play.refund_order(order, revoke=True)


@pytest.mark.parametrize(
    ("fault", "kind"), [("429", NotSent), ("500 before", Unknown), ("409", Unknown), ("cut before", Unknown)]
)
async def test_no_change_is_repeated_by_itself(play, wire, seconds, ada, fault, kind):
    token = wire.subscribe(ada)
    for change in (
        play.acknowledge_subscription(token, "premium"),
        play.cancel_subscription(token),
        play.revoke_subscription(token, refund="full"),
        play.refund_order(next(iter(wire.orders)), revoke=True),
    ):
        before = len(wire.calls)
        wire.next(fault)
        with pytest.raises(kind):
            await change
        assert len([call for call in wire.calls[before:] if call.path != "/token"]) == 1
    assert seconds.pauses == []
    assert (await play.get_subscription(token)).state == "active"
