"""Subscriptions that are bought in the app: claimed, acknowledged, followed, taken back. Through the door."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest

from cleanly.domain.subscriptions.messages import MEASURE, SWEEP_VOIDED
from tests.conftest import empty
from tests.domain.subscriptions.kiosk import Kiosk, new_key, open_kiosk
from tests.fakes.play_wire import PlayWire
from tests.fakes.wire import listening
from tests.moved_clock import MovedClock
from tests.world import Phone, code, running


@dataclass
class PlayKiosk:
    """A kiosk whose plans are sold in the app: the base plan's id is our price's id."""

    kiosk: Kiosk
    wire: PlayWire
    price: str

    async def account(self, phone: Phone | None = None) -> str:
        reply = await (phone or self.kiosk.reader).call("GET", "/subscriptions/google-play-account")
        assert reply.status_code == 200, reply.text
        return str(reply.json()["obfuscatedAccountId"])

    async def buys(self, phone: Phone | None = None, **terms: Any) -> str:
        """The app buys; the purchase's token."""
        return self.wire.subscribe(await self.account(phone), **{"plan": self.price} | terms)

    async def claim(self, token: str, *, phone: Phone | None = None, price: str | None = None) -> Any:
        body = {"priceId": price or self.price, "provider": "google_play", "purchaseToken": token}
        return await (phone or self.kiosk.reader).call("POST", "/subscriptions", body, Idempotency_Key=new_key())

    async def claimed(self, token: str) -> dict[str, Any]:
        reply = await self.claim(token)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def news(self) -> None:
        """Everything that Google has pushed until now comes in, and is acted on."""
        while self.wire.pushed:
            push = self.wire.pushed.pop(0)
            reply = await self.kiosk.world.client.post(
                "/api/v1/webhooks/google-play", content=push.body, headers=dict(push.headers)
            )
            assert reply.status_code == 200, reply.text
        await self.kiosk.world.work()

    async def state(self, subscription_id: str) -> str:
        return str((await self.kiosk.look(subscription_id))["state"])


@pytest.fixture
async def play(database_url: str, clock: MovedClock) -> AsyncGenerator[PlayKiosk, None]:
    async with listening(PlayWire(clock)) as wire, running(database_url, clock, **wire.settings()) as world:
        kiosk = await open_kiosk(world)
        yield PlayKiosk(kiosk, wire, await kiosk.price(999))
    empty(database_url)


async def test_what_was_bought_is_granted_then_acknowledged(play: PlayKiosk):
    token = await play.buys()
    made = await play.claimed(token)
    assert (made["state"], made["provider"]) == ("active", "google_play")
    assert "purchaseToken" not in made
    assert len(await play.kiosk.entitled()) == 1
    assert play.wire.acknowledged == []
    await play.kiosk.world.work()
    assert play.wire.acknowledged == [token]
    assert await play.kiosk.periods(made["id"]) == []  # Google's report tells the money
    assert await play.kiosk.told() == ["started"]
    assert (await play.claimed(token))["id"] == made["id"]


async def test_another_users_purchase_is_refused_and_so_is_nobodys(play: PlayKiosk):
    stranger = await play.kiosk.world.register()
    for token in (await play.buys(stranger), play.wire.subscribe(None, plan=play.price)):
        reply = await play.claim(token)
        assert (reply.status_code, code(reply)) == (409, "CONFLICT")
    token = await play.buys()
    await play.claimed(token)
    reply = await play.claim(token, phone=stranger)
    assert (reply.status_code, code(reply)) == (409, "CONFLICT")
    assert (
        await play.kiosk.world.rows("SELECT id FROM entitlements WHERE user_id::text = :id", id=stranger.user_id) == []
    )


async def test_a_token_that_google_does_not_know_and_another_plan_are_refused(play: PlayKiosk):
    reply = await play.claim("forged")
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    reply = await play.claim(await play.buys(), price=await play.kiosk.price(500))
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")


async def test_one_purchase_claimed_many_times_at_once_is_one(play: PlayKiosk):
    token = await play.buys()
    replies = await asyncio.gather(*(play.claim(token) for _ in range(4)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1


async def test_google_s_news_moves_it_renewed_in_grace_on_hold_recovered(play: PlayKiosk):
    token = await play.buys()
    made = await play.claimed(token)
    await play.news()
    play.kiosk.world.clock.move(days=30)
    play.wire.renew(token)
    await play.news()
    play.kiosk.world.clock.move(days=30)
    play.wire.grace(token)
    await play.news()
    assert await play.kiosk.world.rows("SELECT state FROM subscriptions") == [("past_due",)]
    play.kiosk.world.clock.move(days=7)
    play.wire.hold(token)
    await play.news()
    assert await play.kiosk.world.rows("SELECT state FROM subscriptions") == [("unpaid",)]
    play.wire.recover(token)
    await play.news()
    await play.kiosk.wait()
    assert await play.state(made["id"]) == "active"
    assert await play.kiosk.told() == ["started", "renewed", "past_due", "unpaid", "recovered"]


async def test_a_change_in_the_app_ends_the_old_one_in_the_same_commit(play: PlayKiosk):
    old = await play.claimed(await play.buys())
    token = (await play.kiosk.world.rows("SELECT provider_subscription_id FROM subscriptions"))[0][0]
    play.wire.pushed.clear()
    dearer = await play.kiosk.price(1999)
    following = await play.buys(replaces=token, plan=dearer)
    reply = await play.claim(following, price=dearer)
    assert reply.status_code == 201, reply.text
    assert await play.state(old["id"]) == "canceled"
    assert await play.state(reply.json()["id"]) == "active"
    assert [one["subscriptionId"] for one in await play.kiosk.entitled()] == [reply.json()["id"]]
    await play.news()
    assert [one["subscriptionId"] for one in await play.kiosk.entitled()] == [reply.json()["id"]]


async def test_a_change_that_only_news_tells_of_is_the_same_users(play: PlayKiosk):
    token = await play.buys()
    old = await play.claimed(token)
    dearer = await play.kiosk.price(1999)
    await play.buys(replaces=token, plan=dearer)
    await play.news()
    [entitlement] = await play.kiosk.entitled()
    assert entitlement["subscriptionId"] != old["id"]
    assert (await play.kiosk.look(entitlement["subscriptionId"]))["priceId"] == dearer


async def test_a_payment_that_is_pending_waits_and_is_then_granted(play: PlayKiosk):
    token = await play.buys(is_pending=True)
    made = await play.claimed(token)
    assert made["state"] == "incomplete"
    assert await play.kiosk.entitled() == []
    await play.kiosk.world.work()
    assert play.wire.acknowledged == []
    play.wire.pay(token)
    await play.news()
    await play.kiosk.world.work()
    assert await play.state(made["id"]) == "active"
    assert play.wire.acknowledged == [token]


async def test_what_google_gave_back_is_over_after_the_daily_sweep(play: PlayKiosk):
    token = await play.buys()
    made = await play.claimed(token)
    order = next(name for name, it in play.wire.orders.items() if it["purchaseToken"] == token)
    play.wire.give_back(order, reason=1, source=0)  # money back, and nothing taken away
    await play.kiosk.tick(SWEEP_VOIDED)
    assert await play.state(made["id"]) == "canceled"
    assert await play.kiosk.entitled() == []


async def test_news_of_money_given_back_is_acted_on_at_once(play: PlayKiosk):
    token = await play.buys()
    made = await play.claimed(token)
    play.wire.void(token)
    await play.news()
    assert await play.state(made["id"]) in {"expired", "canceled"}
    assert await play.kiosk.entitled() == []


async def test_an_end_at_the_period_s_end_is_asked_of_google_all_else_is_done_in_the_app(play: PlayKiosk):
    made = await play.claimed(await play.buys())
    reply = await play.kiosk.ask("cancel", made["id"], {"atPeriodEnd": True})
    assert reply.status_code == 200, reply.text
    assert reply.json()["cancelAtPeriodEnd"] is True
    for what, body in (("pause", None), ("resume", None), ("cancel", {"atPeriodEnd": False})):
        reply = await play.kiosk.ask(what, made["id"], body)
        assert (reply.status_code, code(reply)) == (422, "UNSUPPORTED_BY_PROVIDER")


async def test_what_stays_unacknowledged_for_a_day_rings(
    play: PlayKiosk, caplog: pytest.LogCaptureFixture, capsys: Any
):
    await play.claimed(await play.buys())
    play.kiosk.world.clock.move(hours=25)
    await play.kiosk.world.rows("DELETE FROM procrastinate_jobs RETURNING id")
    await play.kiosk.tick(MEASURE)
    assert "play_purchase_unacknowledged" in capsys.readouterr().out


async def test_a_renewal_whose_news_is_lost_is_found_an_hour_later(play: PlayKiosk):
    token = await play.buys()
    made = await play.claimed(token)
    await play.kiosk.world.work()
    await play.kiosk.wait(days=30)
    play.wire.renew(token)
    play.wire.pushed.clear()
    await play.kiosk.wait(hours=1, minutes=1)
    await play.kiosk.tick()
    assert (await play.kiosk.look(made["id"]))["paidUntil"].startswith("2027-01-21")
