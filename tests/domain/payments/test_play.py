"""What is bought once in the app: claimed, granted, acknowledged, followed, taken back. Told through the door."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest

from cleanly.domain.payments.messages import JANITOR, SWEEP_VOIDED
from cleanly.domain.subscriptions.messages import MEASURE
from cleanly.platform.providers.errors import Unknown
from tests.conftest import empty
from tests.domain.catalog.shelf import admin, euros, publish, put_on_shelf
from tests.domain.payments.market import new_key
from tests.domain.subscriptions.kiosk import Kiosk
from tests.fakes.play_wire import PlayWire
from tests.fakes.wire import listening
from tests.moved_clock import MovedClock
from tests.world import Phone, code, running


@dataclass
class PlayShop:
    """The platform's own things, sold in the app: the purchase option's id is our price's id."""

    kiosk: Kiosk
    wire: PlayWire
    price: str

    async def buys(self, phone: Phone | None = None, **terms: Any) -> str:
        """The app buys; the purchase's token."""
        reply = await (phone or self.kiosk.reader).call("GET", "/subscriptions/google-play-account")
        return self.wire.buy(str(reply.json()["obfuscatedAccountId"]), **{"option": self.price} | terms)

    async def claim(self, token: str, *, phone: Phone | None = None, price: str | None = None) -> Any:
        body = {"priceId": price or self.price, "provider": "google_play", "purchaseToken": token}
        return await (phone or self.kiosk.reader).call("POST", "/payments", body, Idempotency_Key=new_key())

    async def claimed(self, token: str, **more: Any) -> dict[str, Any]:
        reply = await self.claim(token, **more)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def news(self) -> None:
        while self.wire.pushed:
            push = self.wire.pushed.pop(0)
            path = "/api/v1/webhooks/google-play"
            reply = await self.kiosk.world.client.post(path, content=push.body, headers=dict(push.headers))
            assert reply.status_code == 200, reply.text
        await self.kiosk.world.work()

    async def look(self, payment_id: str) -> dict[str, Any]:
        return dict((await self.kiosk.reader.call("GET", f"/payments/{payment_id}")).json())

    async def told(self) -> list[str]:
        rows = await self.kiosk.world.rows("SELECT type FROM outbound_messages WHERE type LIKE 'payment.%' ORDER BY id")
        return [row[0] for row in rows]


@pytest.fixture
async def shop(database_url: str, clock: MovedClock) -> AsyncGenerator[PlayShop, None]:
    async with listening(PlayWire(clock)) as wire, running(database_url, clock, **wire.settings()) as world:
        owner = await admin(world)
        product = await put_on_shelf(owner, name="A map", kind="digital", platform=True)
        price = (await publish(owner, product, euros(999)))["id"]
        yield PlayShop(Kiosk(world, owner, await world.register(), product), wire, str(price))
        # Google's report tells the money: nothing is posted at the purchase.
        assert await world.rows("SELECT id FROM ledger_transactions") == []
    empty(database_url)


async def test_what_was_bought_is_granted_then_acknowledged(shop: PlayShop):
    token = await shop.buys()
    made = await shop.claimed(token)
    assert (made["state"], made["captured"]["amount"], made["client"]) == ("captured", 999, {})
    assert token not in str(made)
    [entitlement] = await shop.kiosk.entitled()
    assert (entitlement["paymentId"], entitlement["subscriptionId"]) == (made["id"], None)
    assert (entitlement["productId"], entitlement["endsAt"]) == (shop.kiosk.product["id"], None)
    assert shop.wire.acknowledged == []
    await shop.kiosk.world.work()
    assert shop.wire.acknowledged == [token]
    assert (await shop.claimed(token))["id"] == made["id"]
    await shop.news()
    assert shop.wire.acknowledged == [token]
    assert await shop.told() == ["payment.succeeded"]


async def test_another_users_purchase_is_refused_and_so_is_nobodys(shop: PlayShop):
    stranger = await shop.kiosk.world.register()
    for token in (await shop.buys(stranger), shop.wire.buy(None, option=shop.price)):
        reply = await shop.claim(token)
        assert (reply.status_code, code(reply)) == (409, "CONFLICT")
    token = await shop.buys()
    await shop.claimed(token)
    reply = await shop.claim(token, phone=stranger)
    assert (reply.status_code, code(reply)) == (409, "CONFLICT")
    assert len(await shop.kiosk.world.rows("SELECT id FROM entitlements")) == 1


async def test_what_google_does_not_know_or_sold_as_something_else_is_refused(shop: PlayShop):
    other = str((await publish(shop.kiosk.owner, shop.kiosk.product, euros(500)))["id"])
    plan = await shop.kiosk.price(900)
    theirs = str((await put_on_shelf(shop.kiosk.reader, kind="digital", price=euros(500)))["prices"][0]["id"])
    token = await shop.buys()
    for tried, price in (("forged", None), (token, other), (token, plan), (token, theirs)):
        reply = await shop.claim(tried, price=price)
        assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR"), price
    body = {"priceId": shop.price, "provider": "google_play"}
    reply = await shop.kiosk.reader.call("POST", "/payments", body, Idempotency_Key=new_key())
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")


async def test_one_purchase_claimed_many_times_at_once_is_one(shop: PlayShop):
    token = await shop.buys()
    replies = await asyncio.gather(*(shop.claim(token) for _ in range(4)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    await shop.kiosk.world.work()
    assert shop.wire.acknowledged == [token]


async def test_what_lasts_for_a_time_is_told_as_used_up_and_can_be_bought_again(shop: PlayShop):
    shop.price = str((await publish(shop.kiosk.owner, shop.kiosk.product, euros(300, accessDays=30)))["id"])
    token = await shop.buys(quantity=2)
    made = await shop.claimed(token)
    assert (made["quantity"], made["captured"]["amount"]) == (2, 600)
    assert [one["endsAt"][:10] for one in await shop.kiosk.entitled()] == ["2027-01-21"]
    await shop.kiosk.world.work()
    state = shop.wire.purchases[token]["productLineItem"][0]["productOfferDetails"]["consumptionState"]
    assert state == "CONSUMPTION_STATE_CONSUMED"
    again = await shop.claimed(await shop.buys())
    assert again["id"] != made["id"]
    assert len(await shop.kiosk.entitled()) == 2
    assert (await shop.claimed(token))["id"] == made["id"]
    await shop.kiosk.wait(days=61)
    assert await shop.kiosk.entitled() == []


async def test_a_payment_that_is_pending_waits_and_is_then_granted(shop: PlayShop):
    token = await shop.buys(is_pending=True)
    made = await shop.claimed(token)
    assert made["state"] == "processing"
    assert await shop.kiosk.entitled() == []
    await shop.kiosk.world.work()
    assert shop.wire.acknowledged == []
    shop.wire.complete(token)
    await shop.news()
    await shop.kiosk.world.work()
    assert (await shop.look(made["id"]))["state"] == "captured"
    assert shop.wire.acknowledged == [token]
    assert len(await shop.kiosk.entitled()) == 1


async def test_one_that_is_never_paid_is_over(shop: PlayShop):
    token = await shop.buys(is_pending=True)
    made = await shop.claimed(token)
    shop.wire.give_up(token)
    shop.wire.pushed.clear()
    assert (await shop.look(made["id"]))["state"] == "canceled"
    assert await shop.told() == ["payment.canceled"]


@pytest.mark.parametrize("is_swept", [False, True])
async def test_what_google_gave_back_is_over_by_its_news_or_by_the_daily_sweep(shop: PlayShop, is_swept: bool):
    token = await shop.buys()
    made = await shop.claimed(token)
    if is_swept:
        order = next(name for name, it in shop.wire.orders.items() if it["purchaseToken"] == token)
        shop.wire.give_back(order, reason=1, source=0)  # money back, and nothing taken away
        shop.wire.pushed.clear()
        for _ in range(2):
            await shop.kiosk.tick(SWEEP_VOIDED)
    else:
        shop.wire.void(token)
        await shop.news()
    found = await shop.look(made["id"])
    assert (found["state"], found["refunded"]["amount"]) == ("captured", 999)
    assert await shop.kiosk.entitled() == []
    assert (await shop.claimed(token))["id"] == made["id"]
    assert await shop.kiosk.entitled() == []


async def test_an_acknowledgement_without_an_answer_is_made_again_by_its_job(shop: PlayShop):
    token = await shop.buys()
    await shop.claimed(token)
    shop.wire.next("cut after", on=":acknowledge$")
    with pytest.raises(Unknown):
        await shop.kiosk.world.work()
    await shop.kiosk.world.work()
    assert shop.wire.acknowledged == [token]
    assert await shop.kiosk.world.rows("SELECT must_acknowledge FROM play_purchases") == [(False,)]


async def test_what_stays_unacknowledged_for_a_day_rings(shop: PlayShop, capsys: Any):
    await shop.claimed(await shop.buys())
    shop.kiosk.world.clock.move(hours=25)
    await shop.kiosk.world.rows("DELETE FROM procrastinate_jobs RETURNING id")
    await shop.kiosk.tick(MEASURE)
    assert "play_purchase_unacknowledged" in capsys.readouterr().out


async def test_money_is_given_back_at_google_and_not_here(shop: PlayShop):
    made = await shop.claimed(await shop.buys())
    for what in ("refunds", "cancel", "capture"):
        reply = await shop.kiosk.owner.call("POST", f"/payments/{made['id']}/{what}", {}, Idempotency_Key=new_key())
        assert reply.status_code in {409, 422}, reply.text
    assert (await shop.look(made["id"]))["refunded"]["amount"] == 0


async def test_what_google_has_forgotten_is_not_asked_about_for_ever(shop: PlayShop):
    token = await shop.buys(is_pending=True)
    await shop.claimed(token)
    shop.kiosk.world.clock.move(days=1, minutes=1)
    shop.wire.forgotten.add(token)
    await shop.kiosk.tick(JANITOR)
    assert [tuple(row) for row in await shop.kiosk.world.rows("SELECT state, check_at FROM payments")] == [
        ("processing", None)
    ]
