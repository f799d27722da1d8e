"""Google Play behind its guard: as it is while all is well, not asked while it keeps failing; pushes are verified."""

import inspect

import pytest

from cleanly.platform.providers.breaker import Limits
from cleanly.platform.providers.errors import NotSent, Unknown
from cleanly.platform.providers.guarded_store import GuardedStore
from cleanly.platform.providers.purchases import PlayStore, TokenUnknown
from cleanly.platform.providers.registry import Providers
from tests.platform.providers.google_play.conftest import ADA, BOB

LIMITS = Limits(timeout_seconds=5, faults_max=3, pause_seconds=30)


@pytest.fixture
def store(play, seconds) -> GuardedStore:
    return GuardedStore(play, monotonic=seconds, limits=LIMITS)


async def test_everything_goes_through(store, play, wire, clock, ada):
    assert isinstance(store, PlayStore)
    assert (store.name, store.account) == (play.name, play.account)
    assert store.account_id(ADA) == ada
    assert store.owns(ADA, ada)
    assert not store.owns(BOB, ada)
    subscription, product = wire.subscribe(ada), wire.buy(ada)
    assert (await store.get_subscription(subscription)).state == "active"
    assert (await store.get_product(product)).state == "purchased"
    await store.acknowledge_subscription(subscription, "premium")
    await store.acknowledge_product(product, "coins")
    await store.consume_product(product, "coins")
    assert wire.acknowledged == [subscription, product, product]
    await store.cancel_subscription(subscription, may_be_restored=False)
    assert (await store.get_subscription(subscription)).canceled_by == "developer"
    await store.revoke_subscription(subscription, refund="full")
    [first, last] = wire.orders
    await store.refund_order(last, revoke=True)
    assert [(await store.get_order(name)).state for name in (first, last)] == ["refunded", "refunded"]
    assert len((await store.list_voided(clock.now(), None)).purchases) == 2
    event = await store.verify_webhook(wire.pushed[0].headers, wire.pushed[0].body, now=clock.now())
    assert (await store.fetch_object(event)) == await store.get_subscription(subscription)
    await store.close()


def test_no_call_of_the_protocol_is_forgotten():
    asked = {name for name, _ in inspect.getmembers(PlayStore) if not name.startswith("_")}
    assert asked <= set(dir(GuardedStore))
    for name in asked:
        meant, made = getattr(PlayStore, name), getattr(GuardedStore, name)
        if callable(meant):
            assert inspect.signature(meant) == inspect.signature(made), name


async def test_a_store_that_keeps_failing_is_not_asked_but_its_pushes_are_verified(store, wire, seconds, clock, ada):
    token = wire.subscribe(ada)
    for _ in range(3):
        wire.next("500 before")
        with pytest.raises(Unknown):
            await store.acknowledge_subscription(token, "premium")
    calls = len(wire.calls)
    with pytest.raises(NotSent) as caught:
        await store.get_subscription(token)
    assert caught.value.retry_after_seconds == 30
    assert len(wire.calls) == calls
    event = await store.verify_webhook(wire.pushed[0].headers, wire.pushed[0].body, now=clock.now())
    assert event.object == token
    seconds.at += 30
    assert (await store.get_subscription(token)).state == "active"
    await store.acknowledge_subscription(token, "premium")


async def test_the_providers_close_it_with_themselves(store, play, wire, ada):
    token = wire.subscribe(ada)
    await store.get_subscription(token)
    await Providers([], is_live=False, store=store).close()
    with pytest.raises(RuntimeError, match="closed"):
        await play.get_subscription(token)


async def test_unknown_tokens_are_answers_and_no_faults(store):
    for _ in range(10):
        with pytest.raises(TokenUnknown):
            await store.get_subscription("x" * 100)
    assert not store.breaker.is_open
