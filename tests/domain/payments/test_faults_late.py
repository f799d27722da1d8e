"""Money and authorizations that come after we gave the payment up: booked, given back once, or a person's."""

from uuid import UUID

import pytest

from cleanly.domain.payments.messages import LateCapture
from cleanly.domain.payments.refunds.flows import refund_late_capture
from cleanly.platform.providers.sandbox.rules import Fate
from tests.conftest import empty
from tests.domain.payments.market import Market, open_market
from tests.moved_clock import MovedClock
from tests.world import running

GIVEN_BACK = "SELECT attempt, state FROM provider_calls WHERE operation = 'give_back'"


async def test_money_that_comes_after_we_gave_up_is_booked_and_rings(market: Market):
    payment = await market.paid(1_003)
    reference = await market.reference(payment["id"])
    await market.world.rows("UPDATE payments SET state = 'canceled', check_at = NULL RETURNING id")
    await market.sandbox.confirm(reference)
    await market.deliver()
    assert {"payment.late_capture", "payment.succeeded"} <= set(await market.told())
    # Booked, told, and given back once: however often its news comes.
    for _ in range(2):
        looked = await market.look(payment["id"])
        assert (looked["state"], looked["captured"]["amount"]) == ("captured", 1_003)
        assert (looked["refunding"]["amount"], looked["refunded"]["amount"]) == (0, 1_003)
        assert await market.postings() == ["payment.captured", "refund.made"]
        await refund_late_capture(market.world.context, LateCapture(payment_id=UUID(payment["id"])))
        await market.later(minutes=5)
    assert await market.balances() == await market.balances(market.seller) == {}
    (refund,) = (await market.seller.call("GET", f"/payments/{payment['id']}/refunds")).json()["items"]
    assert refund["reason"] == "late_capture"
    await market.books_are_right()


@pytest.mark.parametrize("fate", [Fate.TIMEOUT_AFTER, Fate.TIMEOUT_BEFORE, Fate.BUSY, Fate.DECLINED])
async def test_late_money_whose_refund_meets_a_fault_goes_back_once_or_is_a_persons(market: Market, fate: Fate):
    payment = await market.paid(1_003)
    reference = await market.reference(payment["id"])
    await market.world.rows("UPDATE payments SET state = 'failed', check_at = NULL RETURNING id")
    await market.sandbox.confirm(reference)
    market.sandbox.next(fate, on="refund")
    await market.deliver()
    await market.later(minutes=10)
    looked = await market.look(payment["id"])
    refunded = 0 if fate is Fate.DECLINED else 1_003
    assert (looked["refunding"]["amount"], looked["refunded"]["amount"]) == (0, refunded)
    assert (await market.told()).count("refund.failed") == (1 if fate is Fate.DECLINED else 0)
    await market.books_are_right()


async def test_late_money_whose_order_can_still_be_served_is_kept(database_url: str, clock: MovedClock):
    async with running(database_url, clock, late_capture_refunded=False) as world:
        market = await open_market(world)
        payment = await market.paid(1_003)
        reference = await market.reference(payment["id"])
        await world.rows("UPDATE payments SET state = 'canceled', check_at = NULL RETURNING id")
        await market.sandbox.confirm(reference)
        await market.deliver()
        await market.later(minutes=5)
        looked = await market.look(payment["id"])
        assert (looked["state"], looked["refunded"]["amount"]) == ("captured", 0)
        assert "payment.late_capture" in await market.told()
        await market.books_are_right()
    empty(database_url)


async def test_an_authorization_after_we_gave_up_is_given_back(market: Market):
    payment = await market.paid(1_003, captureMethod="manual")
    reference = await market.reference(payment["id"])
    await market.world.rows("UPDATE payments SET state = 'canceled', check_at = NULL RETURNING id")
    await market.sandbox.confirm(reference)
    await market.deliver()
    assert (await market.sandbox.get_payment(reference)).state == "canceled"
    assert (await market.look(payment["id"]))["state"] == "canceled"
    assert [tuple(row) for row in await market.world.rows(GIVEN_BACK)] == [(1, "succeeded")]


@pytest.mark.parametrize("fate", [Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER, Fate.BUSY])
async def test_giving_back_an_authorization_is_asked_again_under_its_key(market: Market, fate: Fate):
    payment = await market.paid(1_003, captureMethod="manual")
    reference = await market.reference(payment["id"])
    await market.world.rows("UPDATE payments SET state = 'canceled', check_at = NULL RETURNING id")
    await market.sandbox.confirm(reference)
    await market.sandbox.pump()
    market.sandbox.next(fate, on="cancel_payment")
    await market.world.work()
    await market.later(minutes=2)
    assert (await market.sandbox.get_payment(reference)).state == "canceled"
    assert [tuple(row) for row in await market.world.rows(GIVEN_BACK)] == [(1, "succeeded")]
    assert (await market.world.rows("SELECT check_at FROM payments"))[0][0] is None
