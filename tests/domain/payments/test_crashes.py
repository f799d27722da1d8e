"""The process dies between any two steps: whoever comes next (the same key, or the janitor) moves the money once.

A step is a transaction of ours or a call of the provider; each is died before and after.
"""

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.deaths import Death, Deaths
from tests.domain.payments.market import Market, new_key

STEPS_MAX = 60
LEASE_MINUTES = 6


async def walk(
    deaths: Deaths, market: Market, call: Callable[[str], Awaitable[httpx2.Response]], *, returns: bool
) -> int:
    """Die at every step in turn, each time under a new key; how many steps there were.

    Then either the client returns with each key, or only the provider's news and the janitor come.
    """
    keys: list[str] = []
    for step in range(STEPS_MAX):
        keys.append(new_key())
        reply = await deaths.strike(Death.PROCESS, step, call(keys[-1]))
        if reply is not None:
            assert reply.status_code in {200, 201}, reply.text
            break
        assert deaths.has_struck
    await market.wait(minutes=LEASE_MINUTES)
    for key in keys if returns else ():
        reply = await call(key)
        assert reply.status_code in {200, 201}, (key, reply.text)
    await market.deliver()
    await market.tidy()
    assert len(keys) < STEPS_MAX
    return len(keys) - 1


@pytest.mark.parametrize("returns", [True, False])
async def test_a_purchase_that_died_anywhere_is_made_once(market: Market, deaths: Deaths, returns: bool):
    price = await market.price(1_000)
    bought = await walk(deaths, market, lambda key: market.pay(priceId=price, key=key), returns=returns)
    assert bought > 10
    payments = await market.world.rows("SELECT state, captured_amount FROM payments")
    assert {tuple(row) for row in payments} == {("captured", 1_000)}
    # Every key bought once; without the client's return, those that died before the row was there bought nothing.
    assert len(payments) == bought + 1 if returns else 0 < len(payments) <= bought + 1
    at_sandbox = await market.world.rows("SELECT count(*) FROM sandbox_objects WHERE kind = 'payment'")
    assert at_sandbox[0][0] == len(payments) == (await market.postings()).count("payment.captured")
    await market.books_are_right()


@pytest.mark.parametrize("returns", [True, False])
async def test_a_refund_that_died_anywhere_is_made_once(market: Market, deaths: Deaths, returns: bool):
    payment = await market.paid(100_000)
    walked = await walk(deaths, market, lambda key: market.refund(payment["id"], 10, key=key), returns=returns)
    assert walked > 8
    refunds = await market.world.rows("SELECT state FROM refunds")
    assert {row[0] for row in refunds} == {"succeeded"}
    looked = await market.look(payment["id"])
    assert (looked["refunding"]["amount"], looked["refunded"]["amount"]) == (0, 10 * len(refunds))
    assert len(refunds) == walked + 1 if returns else 0 < len(refunds) <= walked + 1
    await market.books_are_right()


@pytest.mark.parametrize("what", ["capture", "cancel"])
async def test_a_capture_or_cancellation_that_died_anywhere_is_carried_out_once(
    market: Market, deaths: Deaths, what: str
):
    price = await market.price(1_000)
    ends = "captured" if what == "capture" else "canceled"
    asked: dict[str, str] = {}

    async def act(key: str) -> httpx2.Response:
        if key not in asked:
            asked[key] = payments.pop()
        return await market.act(what, asked[key], key=key)

    payments = [(await market.paid(priceId=price, captureMethod="manual"))["id"] for _ in range(30)]
    walked = await walk(deaths, market, act, returns=True)
    assert walked > 8
    found = await market.world.rows("SELECT CAST(id AS text), state FROM payments")
    assert {state for payment_id, state in found if payment_id in asked.values()} == {ends}
    assert {state for payment_id, state in found if payment_id in payments} == {"authorized"}
    assert (await market.postings()).count("payment.captured") == (walked + 1 if what == "capture" else 0)
    await market.books_are_right()
