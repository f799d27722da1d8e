"""What providers do to us: silence, faults, news doubled, reversed, lost, too early, or about other money."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from cleanly.domain.payments import inbound
from cleanly.domain.payments.errors import NotOurMoney
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import Unknown
from cleanly.platform.providers.protocol import NewPayment
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.market import Market
from tests.world import code


async def only(market: Market) -> str:
    rows = await market.world.rows("SELECT id FROM payments")
    assert len(rows) == 1
    return str(rows[0][0])


async def state(market: Market) -> str:
    return str((await market.world.rows("SELECT state FROM payments"))[0][0])


@pytest.mark.parametrize("fate", [6, 7, 8])
async def test_silence_is_a_doubt_that_the_janitor_settles(market: Market, fate: int):
    reply = await market.pay(1_000 + fate)
    assert (reply.status_code, code(reply)) == (504, "PROVIDER_TIMEOUT")
    assert await state(market) == "unknown"
    assert await market.postings() == []
    await market.wait(seconds=61)
    await market.tidy()
    assert await state(market) == "captured"
    await market.deliver()
    assert await market.postings() == ["payment.captured"]
    await market.books_are_right()


@pytest.mark.parametrize("fate", [6, 7, 8])
async def test_silence_and_the_same_key_again_pay_once(market: Market, fate: int):
    price = await market.price(1_000 + fate)
    assert code(await market.pay(priceId=price, key="again")) == "PROVIDER_TIMEOUT"
    reply = await market.pay(priceId=price, key="again")
    assert (reply.status_code, reply.json()["state"]) == (201, "captured")
    await market.deliver()
    assert await market.postings() == ["payment.captured"]
    await market.books_are_right()


async def test_a_busy_provider_is_a_502_and_the_same_key_pays_once(market: Market):
    price = await market.price(1_009)
    reply = await market.pay(priceId=price, key="again")
    assert (reply.status_code, code(reply)) == (502, "PROVIDER_ERROR")
    assert reply.headers["retry-after"]
    assert await state(market) == "created"
    assert (await market.pay(priceId=price, key="again")).status_code == 201
    await market.deliver()
    await market.books_are_right()


async def test_a_busy_provider_and_a_client_that_never_returns_are_settled_too(market: Market):
    assert (await market.pay(1_009)).status_code == 502
    await market.later(minutes=2)
    assert await state(market) == "captured"
    await market.books_are_right()


async def test_a_doubt_that_is_never_settled_ends_with_a_person_and_never_as_a_failure(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    asked: dict[str, list[datetime]] = {}

    async def silence(_self: Sandbox, _new: NewPayment, *, key: str) -> None:
        asked.setdefault(key, []).append(market.world.clock.now())
        raise Unknown("timed out")

    monkeypatch.setattr(Sandbox, "create_payment", silence)
    assert (await market.pay(1_000)).status_code == 504
    for _ in range(40):
        await market.wait(hours=8)
        await market.tidy()
        row = (await market.world.rows("SELECT state, check_at, checks FROM payments"))[0]
        assert row.state == "unknown"
        if row.check_at is None:
            break
    assert row.check_at is None
    # Each key only while the provider remembers it; a new one only after two looks.
    assert all(times[-1] - times[0] < timedelta(hours=24) for times in asked.values())
    assert 5 <= sum(map(len, asked.values())) <= 10
    assert await market.postings() == []


async def test_a_buyer_who_looks_every_few_seconds_does_not_use_up_the_janitors_patience(market: Market):
    market.sandbox.next(Fate.TIMEOUT_BEFORE, on="create_payment")
    await market.pay(1_000)
    payment_id = await only(market)
    for _ in range(12):
        await market.wait(seconds=3)
        assert (await market.look(payment_id))["state"] == "unknown"
    await market.later(minutes=2)
    assert (await market.look(payment_id))["state"] == "captured"


async def test_a_processing_payment_is_captured_or_fails_when_the_provider_has_decided(market: Market):
    good, bad = await market.paid(1_004), await market.paid(1_005)
    assert (good["state"], bad["state"]) == ("processing", "processing")
    assert code(await market.act("cancel", good["id"])) == "INVALID_STATE"
    await market.later(days=2, hours=1)
    assert (await market.look(good["id"]))["state"] == "captured"
    looked = await market.look(bad["id"])
    assert (looked["state"], looked["declineCode"]) == ("failed", "debit_failed")
    assert await market.postings() == ["payment.captured"]
    await market.books_are_right()


@pytest.mark.parametrize("fate", [10, 11, 13])
async def test_news_twice_reversed_or_too_early_books_once(market: Market, fate: int):
    payment = await market.paid(1_000 + fate)
    await market.deliver()
    await market.later(minutes=2)
    assert (await market.look(payment["id"]))["state"] == "captured"
    assert await market.postings() == ["payment.captured"]
    assert (await market.told()).count("payment.succeeded") == 1
    await market.books_are_right()


async def test_news_acted_on_before_the_answer_arrives_books_once(market: Market, monkeypatch: pytest.MonkeyPatch):
    engine = market.sandbox._engine
    push = engine._deliver

    async def deliver(headers, body):
        status = await push(headers, body)
        await market.world.work()
        return status

    monkeypatch.setattr(engine, "_deliver", deliver)
    payment = await market.paid(1_013)
    assert payment["state"] == "captured"
    assert await market.postings() == ["payment.captured"]
    await market.deliver()
    await market.books_are_right()


async def test_lost_news_is_found_by_the_sweeper(market: Market):
    payment = await market.paid(1_012, captureMethod="manual")
    reply = await market.act("capture", payment["id"])
    assert reply.status_code == 200
    await market.sandbox.refund_in_dashboard(await market.reference(payment["id"]), Money(500, "EUR"))
    await market.deliver()
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 0
    await market.wait(minutes=16)
    await market.sweep()
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 500
    await market.books_are_right()


async def test_the_return_and_the_webhook_at_the_same_instant_capture_once(market: Market):
    payment = await market.paid(1_003)
    await market.sandbox.confirm(await market.reference(payment["id"]))
    await market.sandbox.pump()
    await market.wait(seconds=3)
    looked, seen, _ = await asyncio.gather(
        market.look(payment["id"]), market.look(payment["id"], market.seller), market.world.work()
    )
    assert (looked["state"], seen["state"]) == ("captured", "captured")
    await market.deliver()
    assert await market.postings() == ["payment.captured"]
    assert (await market.told()).count("payment.succeeded") == 1
    dead = await market.world.rows("SELECT state, last_error FROM inbound_events WHERE state <> 'done'")
    assert dead == []
    await market.books_are_right()


async def test_other_money_than_ours_posts_nothing_and_rings(market: Market):
    payment = await market.paid(1_060)
    assert payment["state"] == "created"
    await market.deliver()
    for _ in range(3):
        await market.later(hours=2)
    assert await market.postings() == []
    row = (await market.world.rows("SELECT alarm, state, check_at FROM payments"))[0]
    assert tuple(row) == ("payment_mismatch", "created", None)
    assert "payment.succeeded" not in await market.told()


async def test_a_buyer_who_never_confirms_is_given_up_after_a_day(market: Market):
    payment = await market.paid(1_003)
    await market.later(hours=23)
    assert (await market.look(payment["id"]))["state"] == "requires_action"
    await market.later(hours=2)
    assert (await market.look(payment["id"]))["state"] == "canceled"
    assert await market.told() == ["payment.canceled"]


async def test_an_authorization_is_given_back_before_it_lapses(market: Market):
    payment = await market.paid(captureMethod="manual")
    await market.later(days=5)
    assert (await market.look(payment["id"]))["state"] == "authorized"
    await market.later(days=1, hours=1)
    assert (await market.look(payment["id"]))["state"] == "canceled"
    assert await market.postings() == []


def news(**changes: Any) -> ProviderEvent:
    told: dict[str, Any] = {
        "provider": "sandbox",
        "account": "acct_sandbox",
        "id": "evt_x",
        "type": "payment.captured",
        "kind": "payment",
        "object": "py_999999",
        "our_id": None,
        "is_live": False,
        "api_version": None,
    }
    return ProviderEvent(**(told | changes))


async def test_other_peoples_news_is_ignored_and_ours_too_early_waits(market: Market):
    now = market.world.clock.now()
    context = market.world.context
    payment = await market.paid()
    assert await inbound.on_payment(context, news(created_at=now)) is Handled.IGNORED
    assert await inbound.on_payment(context, news(created_at=now, our_id=uuid4())) is Handled.MISSING_PARENT
    ours = UUID(payment["id"])
    assert await inbound.on_payment(context, news(created_at=now, our_id=ours, account="other")) is Handled.IGNORED
    with pytest.raises(NotOurMoney):
        await inbound.on_payment(context, news(created_at=now, our_id=ours))


async def test_a_provider_that_is_down_hides_no_payment(market: Market):
    payment = await market.paid(1_004)
    await market.wait(seconds=3)
    market.sandbox.next(Fate.TIMEOUT_BEFORE, on="get_payment")
    assert (await market.look(payment["id"]))["state"] == "processing"
