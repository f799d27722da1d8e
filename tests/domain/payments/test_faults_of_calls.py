"""Calls whose answer never comes, or says nothing: the money moves once, by the same key, or after a look."""

from datetime import timedelta

import httpx2
import pytest

from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.market import Market
from tests.world import code

IN_DOUBT = [Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER, Fate.BUSY]


@pytest.mark.parametrize("fate", IN_DOUBT)
async def test_a_capture_in_doubt_takes_the_money_once(market: Market, fate: Fate):
    payment = await market.paid(captureMethod="manual")
    market.sandbox.next(fate, on="capture_payment")
    reply = await market.act("capture", payment["id"], {"amount": 700}, key="take")
    assert reply.status_code in {502, 504}
    reply = await market.act("capture", payment["id"], {"amount": 900})
    assert code(reply) == "INVALID_STATE"
    reply = await market.act("capture", payment["id"], {"amount": 700}, key="take")
    assert (reply.status_code, reply.json()["captured"]["amount"]) == (200, 700)
    await market.deliver()
    assert await market.postings() == ["payment.captured"]
    await market.books_are_right()


@pytest.mark.parametrize("fate", IN_DOUBT)
async def test_a_cancellation_in_doubt_is_carried_out_once(market: Market, fate: Fate):
    payment = await market.paid(captureMethod="manual")
    market.sandbox.next(fate, on="cancel_payment")
    assert (await market.act("cancel", payment["id"], key="stop")).status_code in {502, 504}
    reply = await market.act("cancel", payment["id"], key="stop")
    assert (reply.status_code, reply.json()["state"]) == (200, "canceled")
    await market.deliver()
    assert (await market.told()).count("payment.canceled") == 1


@pytest.mark.parametrize("fate", IN_DOUBT)
@pytest.mark.parametrize("returns", [True, False])
async def test_a_refund_in_doubt_gives_back_once(market: Market, fate: Fate, returns: bool):
    payment = await market.paid()
    market.sandbox.next(fate, on="refund")
    assert (await market.refund(payment["id"], 300, key="back")).status_code in {502, 504}
    assert (await market.look(payment["id"]))["refunding"]["amount"] == 300
    if returns:
        assert (await market.refund(payment["id"], 300, key="back")).json()["state"] == "succeeded"
    else:
        await market.wait(minutes=2)
        await market.tidy()
    looked = await market.look(payment["id"])
    assert (looked["refunding"]["amount"], looked["refunded"]["amount"]) == (0, 300)
    await market.deliver()
    assert await market.postings() == ["payment.captured", "refund.made"]
    await market.books_are_right()


@pytest.mark.parametrize("what", ["payment", "refund"])
async def test_a_key_that_the_provider_has_forgotten_is_looked_up_before_it_is_used_again(market: Market, what: str):
    payment_id = (await market.paid())["id"] if what == "refund" else ""
    market.sandbox.next(Fate.TIMEOUT_AFTER, on="refund" if what == "refund" else "create_payment")
    price = await market.price(2_000)

    async def go() -> httpx2.Response:
        if what == "refund":
            return await market.refund(payment_id, 300, key="late")
        return await market.pay(priceId=price, key="late")

    assert (await go()).status_code == 504
    await market.wait(minutes=30)
    await market.sandbox.advance(timedelta(hours=25))
    reply = await go()
    assert reply.status_code == 201
    assert reply.json()["state"] in {"captured", "succeeded"}
    await market.deliver()
    await market.books_are_right()
