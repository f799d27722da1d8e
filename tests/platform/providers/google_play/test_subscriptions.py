"""A subscription's life as our states: MONEY's table, row by row, and what else is told of it."""

from datetime import timedelta

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import Unknown
from cleanly.platform.providers.purchases import TokenGone, TokenUnknown


async def test_a_paid_subscription_is_active_until_its_end(play, wire, clock, ada):
    token = wire.subscribe(ada)
    seen = await play.get_subscription(token)
    assert (seen.token, seen.state, seen.account_id) == (token, "active", ada)
    assert seen.expires_at == clock.now() + timedelta(days=30)
    assert (seen.cancel_at_period_end, seen.is_acknowledged, seen.is_test) == (False, False, False)
    assert (seen.started_at, seen.region, seen.linked_token) == (clock.now(), "DE", None)
    [item] = seen.items
    assert seen.current == item
    assert (item.product_id, item.base_plan, item.offer, item.phase) == ("premium", "monthly", None, "base")
    assert (item.price, item.renews) == (Money(999, "EUR"), True)
    assert seen.order_id == item.order_id == next(iter(wire.orders))


async def test_a_pending_one_is_incomplete_and_has_no_end(play, wire, ada):
    token = wire.subscribe(ada, is_pending=True)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.expires_at, seen.order_id, seen.started_at) == ("incomplete", None, None, None)
    assert seen.current is not None
    wire.pay(token)
    assert (await play.get_subscription(token)).state == "active"


async def test_a_pending_one_that_was_never_paid_is_canceled(play, wire, ada):
    token = wire.subscribe(ada, is_pending=True)
    wire.give_up(token)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.cancel_at_period_end) == ("canceled", False)


async def test_a_free_trial_is_trialing_until_it_is_renewed(play, wire, ada):
    token = wire.subscribe(ada, phase="freeTrial", days=7)
    assert (await play.get_subscription(token)).state == "trialing"
    wire.renew(token)
    assert (await play.get_subscription(token)).state == "active"


@pytest.mark.parametrize(
    ("phase", "told", "state"),
    [
        ("introductoryPrice", "introductory", "active"),
        ("prorationPeriod", "proration", "active"),
        ("basePrice", "base", "active"),
        ("freeTrial", "trial", "trialing"),
        ("anEasterOffer", None, "active"),
    ],
)
async def test_only_the_free_phase_is_a_trial(play, wire, ada, phase, told, state):
    seen = await play.get_subscription(wire.subscribe(ada, phase=phase))
    assert (seen.state, seen.items[0].phase) == (state, told)


@pytest.mark.parametrize("phase", ["basePrice", "freeTrial"])
async def test_a_canceled_one_goes_on_to_its_end_and_then_is_over(play, wire, clock, ada, phase):
    token = wire.subscribe(ada, phase=phase)
    before = await play.get_subscription(token)
    wire.cancel(token)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.expires_at) == (before.state, before.expires_at)
    assert (seen.cancel_at_period_end, seen.canceled_by, seen.canceled_at) == (True, "user", clock.now())
    clock.move(days=30, seconds=-1)
    assert (await play.get_subscription(token)).state == before.state
    clock.move(seconds=1)
    seen = await play.get_subscription(token)  # Google has not got round to it yet
    assert (seen.state, seen.cancel_at_period_end) == ("expired", False)
    wire.expire(token)
    assert (await play.get_subscription(token)).state == "expired"


async def test_a_canceled_one_may_be_restored(play, wire, ada):
    token = wire.subscribe(ada)
    wire.cancel(token)
    wire.restart(token)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.cancel_at_period_end, seen.canceled_by) == ("active", False, None)


async def test_a_renewal_that_fails_is_past_due_then_unpaid_then_recovered(play, wire, clock, ada):
    token = wire.subscribe(ada)
    clock.move(days=30)
    wire.grace(token, days=7)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.expires_at) == ("past_due", clock.now() + timedelta(days=7))
    clock.move(days=7)
    wire.hold(token)
    assert (await play.get_subscription(token)).state == "unpaid"
    wire.recover(token)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.expires_at) == ("active", clock.now() + timedelta(days=30))


async def test_a_paused_one_tells_when_it_resumes(play, wire, clock, ada):
    token = wire.subscribe(ada)
    wire.pause(token, days=14)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.resumes_at) == ("paused", clock.now() + timedelta(days=14))


@pytest.mark.parametrize(
    ("word", "by"),
    [
        ("userInitiatedCancellation", "user"),
        ("systemInitiatedCancellation", "system"),
        ("developerInitiatedCancellation", "developer"),
        ("replacementCancellation", "replacement"),
        ("whimInitiatedCancellation", None),
    ],
)
async def test_an_end_tells_who_made_it(play, wire, ada, word, by):
    token = wire.subscribe(ada)
    wire.expire(token, word)
    seen = await play.get_subscription(token)
    assert (seen.state, seen.canceled_by, seen.cancel_at_period_end) == ("expired", by, False)


async def test_an_upgrade_names_the_one_that_it_takes_the_place_of(play, wire, ada):
    old = wire.subscribe(ada)
    new = wire.subscribe(ada, product="gold", replaces=old)
    seen = await play.get_subscription(new)
    assert (seen.linked_token, seen.state, seen.items[0].product_id) == (old, "active", "gold")
    before = await play.get_subscription(old)
    assert (before.state, before.canceled_by) == ("expired", "replacement")


async def test_who_comes_back_by_googles_own_pages_is_told_by_the_ended_one(play, wire, ada):
    context = {
        "expiredPurchaseToken": "s" * 40,
        "expiredExternalAccountIdentifiers": {"obfuscatedExternalAccountId": ada},
    }
    seen = await play.get_subscription(wire.subscribe(None, outOfAppPurchaseContext=context))
    assert (seen.account_id, seen.expired_token, seen.expired_account_id) == (None, "s" * 40, ada)


async def test_a_test_purchase_says_so_by_an_empty_object(play, wire, ada):
    assert (await play.get_subscription(wire.subscribe(ada, testPurchase={}))).is_test


async def test_a_prepaid_plan_ends_with_what_is_paid(play, wire, ada):
    token = wire.subscribe(ada)
    item = wire.purchases[token]["lineItems"][0]
    item.pop("autoRenewingPlan")
    item["prepaidPlan"] = {"allowExtendAfterTime": wire.time(20)}
    seen = await play.get_subscription(token)
    assert (seen.state, seen.cancel_at_period_end) == ("active", True)
    assert (seen.items[0].price, seen.items[0].renews) == (None, False)


async def test_the_item_that_lasts_longest_is_the_plan_wherever_it_stands(play, wire, clock, ada):
    token = wire.subscribe(ada)
    items = wire.purchases[token]["lineItems"]
    items[0] |= {"expiryTime": wire.time(3), "deferredItemReplacement": {"productId": "gold"}}
    items.append({**items[0], "productId": "gold", "expiryTime": wire.time(33), "latestSuccessfulOrderId": "GPA.gold"})
    items.append({"productId": "addon"})
    seen = await play.get_subscription(token)
    assert seen.current == seen.items[1]
    assert (seen.expires_at, seen.order_id) == (clock.now() + timedelta(days=33), "GPA.gold")
    assert [item.becomes_product_id for item in seen.items] == ["gold", "gold", None]
    assert seen.items[2].expires_at is None


async def test_fields_that_are_new_are_passed_over(play, wire, ada):
    token = wire.subscribe(ada)
    before = await play.get_subscription(token)
    wire.purchases[token] |= {"surprise": [{"a": 1}], "lineItems": [{**wire.purchases[token]["lineItems"][0], "b": 2}]}
    assert await play.get_subscription(token) == before


@pytest.mark.parametrize(
    "changed",
    [
        {"subscriptionState": "SUBSCRIPTION_STATE_ASLEEP"},
        {"subscriptionState": None},
        {"lineItems": {}},
        {"lineItems": [{}]},
        {"lineItems": [3]},
        {"lineItems": [{"productId": "premium", "expiryTime": "soon"}]},
        {"startTime": 5},
    ],
)
async def test_what_can_not_be_read_tells_nothing(play, wire, ada, changed):
    token = wire.subscribe(ada)
    wire.purchases[token] |= changed
    with pytest.raises(Unknown):
        await play.get_subscription(token)


@pytest.mark.parametrize(
    "price", [None, {}, {"currencyCode": "XYZ", "units": "1"}, {"currencyCode": "EUR", "nanos": 1}, "9.99", 9.99]
)
async def test_a_price_that_we_can_not_say_takes_nothing_from_the_buyer(play, wire, ada, price):
    token = wire.subscribe(ada)
    wire.purchases[token]["lineItems"][0]["autoRenewingPlan"]["recurringPrice"] = price
    seen = await play.get_subscription(token)
    assert (seen.state, seen.items[0].price, seen.items[0].renews) == ("active", None, True)


async def test_a_token_that_google_does_not_know_is_told_from_one_that_it_forgot(play, wire, ada):
    with pytest.raises(TokenUnknown):
        await play.get_subscription("x" * 100)
    product = wire.buy(ada)
    with pytest.raises(TokenUnknown):  # of the other kind
        await play.get_subscription(product)
    token = wire.subscribe(ada)
    wire.forget(token)
    with pytest.raises(TokenGone) as caught:
        await play.get_subscription(token)
    assert caught.value.code == "purchaseTokenNoLongerValid"


@pytest.mark.parametrize(
    "token", ["", ".", "..", "../../x", "a/b", "a?b=c", "a:cancel", "a%2e", "x" * 1025, "ä", "a\n"]
)
async def test_what_is_no_token_is_not_put_into_an_address(play, wire, token):
    with pytest.raises(TokenUnknown, match="not_a_token"):
        await play.get_subscription(token)
    with pytest.raises(TokenUnknown, match="not_a_token"):
        await play.get_product(token)
    assert wire.calls == []
