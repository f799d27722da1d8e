"""The bank takes money back: lost, won, overturned, before the capture, beside refunds."""

from typing import Any
from uuid import UUID

import pytest

from cleanly.domain.payments.disputes import queries as disputes
from cleanly.domain.payments.disputes import service
from cleanly.domain.payments.errors import NotOurMoney
from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol import DisputeMovement, DisputeSnapshot
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.market import Market
from tests.world import code


async def shown(market: Market, payment: dict[str, str]) -> list[tuple[str, str, int]]:
    found = (await market.buyer.call("GET", f"/payments/{payment['id']}/disputes")).json()["items"]
    return [(one["state"], one["moneyIs"], one["money"]["amount"]) for one in found]


async def test_a_dispute_sets_the_sellers_part_aside_and_stops_refunds(market: Market):
    payment = await market.paid(10_000)
    await market.sandbox.dispute(await market.reference(payment["id"]))
    await market.deliver()
    assert await shown(market, payment) == [("needs_response", "withdrawn", 10_000)]
    assert await market.balances() == {"dispute_suspense": 10_000, "fees": 1_000}
    assert await market.balances(market.seller) == {"disputed": 9_000}
    assert code(await market.refund(payment["id"], 1)) == "INVALID_STATE"
    assert (await market.told()).count("dispute.opened") == 1
    await market.books_are_right()


@pytest.mark.parametrize("amount", [1_020, 1_021])
async def test_a_dispute_ends_as_the_bank_decides(market: Market, amount: int):
    payment = await market.paid(amount)
    await market.later(days=1, hours=1)
    await market.later(days=8)
    fee = 102
    if amount == 1_020:
        assert await shown(market, payment) == [("lost", "lost", amount)]
        assert await market.balances() == {"dispute_loss": fee, "fees": fee}
        assert await market.balances(market.seller) == {}
        assert code(await market.refund(payment["id"])) == "INVALID_STATE"
    else:
        assert await shown(market, payment) == [("won", "reinstated", amount)]
        assert await market.balances() == {"clearing.sandbox": amount, "fees": fee}
        assert await market.balances(market.seller) == {"available": amount - fee}
        assert (await market.refund(payment["id"])).status_code == 201
    await market.deliver()
    assert (await market.told()).count("dispute.closed") == 1
    await market.books_are_right()


async def test_a_dispute_before_its_capture_waits_for_it(market: Market):
    payment = await market.paid(1_022, captureMethod="manual")
    await market.act("capture", payment["id"])
    await market.deliver()
    await market.later(minutes=2)
    assert await shown(market, payment) == [("needs_response", "withdrawn", 1_022)]
    assert await market.postings() == ["payment.captured", "dispute.withdrawn", "dispute.held"]
    await market.books_are_right()


async def test_a_dispute_on_a_payment_whose_answer_never_came_is_not_lost(market: Market):
    market.sandbox.next(Fate.TIMEOUT_AFTER, on="create_payment")
    assert code(await market.pay(1_000)) == "PROVIDER_TIMEOUT"
    payment_id = str((await market.world.rows("SELECT id FROM payments"))[0][0])
    await market.sandbox.dispute(await market.reference(payment_id))
    await market.world.rows("UPDATE sandbox_events SET due_at = NULL WHERE type LIKE 'payment.%' RETURNING number")
    await market.deliver()
    assert await shown(market, {"id": payment_id}) == [("needs_response", "withdrawn", 1_000)]
    await market.books_are_right()


async def test_a_dispute_after_a_part_was_refunded_takes_the_rest(market: Market):
    payment = await market.paid(10_000)
    await market.refund(payment["id"], 4_000)
    dispute = await market.sandbox.dispute(await market.reference(payment["id"]))
    await market.deliver()
    assert await market.balances(market.seller) == {"disputed": 5_400}
    await market.sandbox.close_dispute(dispute.reference, is_won=True)
    await market.deliver()
    assert await market.balances(market.seller) == {"available": 5_400}
    assert (await market.refund(payment["id"])).json()["money"]["amount"] == 6_000
    await market.deliver()
    assert await market.balances() == {}
    await market.books_are_right()


async def applied(market: Market, dispute_id: UUID, seen: DisputeSnapshot) -> bool:
    async with market.world.context.db.begin() as session:
        row = await disputes.by_id(session, dispute_id)
        assert row is not None
    async with market.world.context.db.begin() as session:
        return await service.apply(
            session, market.cache, dispute_id, seen, revision=row.revision, now=market.world.clock.now()
        )


def snapshot(payment_reference: str, state: Any, amount: int, *moved: Any) -> DisputeSnapshot:
    return DisputeSnapshot(
        provider="sandbox",
        reference="dp_x",
        payment_reference=payment_reference,
        state=state,
        money=Money(amount, "EUR"),
        reason="fraudulent",
        movements=tuple(
            DisputeMovement(kind=kind, money=Money(amount, "EUR"), entry=f"{number}")
            for number, kind in enumerate(moved)
        ),
    )


async def test_a_bank_that_takes_more_than_is_left_costs_the_platform_and_gives_it_back(market: Market):
    payment = await market.paid(10_000)
    await market.refund(payment["id"], 4_000)
    reference = await market.reference(payment["id"])
    before = await market.balances(), await market.balances(market.seller)
    opened = snapshot(reference, "needs_response", 10_000)
    async with market.world.context.db.begin() as session:
        dispute_id = await service.adopt(
            session, UUID(payment["id"]), opened, account="acct_sandbox", now=market.world.clock.now()
        )
    assert await applied(market, dispute_id, opened)  # an inquiry: a status, no money
    assert (await market.balances(), await market.balances(market.seller)) == before
    for _ in range(2):
        assert await applied(market, dispute_id, snapshot(reference, "lost", 10_000, "withdrawn"))
        assert await market.balances() == {"clearing.sandbox": -4_000, "fees": 600, "dispute_loss": 4_600}
        assert await market.balances(market.seller) == {}
    for _ in range(2):
        assert await applied(market, dispute_id, snapshot(reference, "won", 10_000, "withdrawn", "reinstated"))
        assert await market.balances() == before[0]
        assert await market.balances(market.seller) == {"available": 5_400}
    async with market.world.context.db.begin() as session:
        assert not await service.apply(
            session, market.cache, dispute_id, opened, revision=0, now=market.world.clock.now()
        )


async def test_money_that_left_and_came_back_before_we_looked_is_booked_both_ways(market: Market):
    payment = await market.paid(10_000)
    dispute = await market.sandbox.dispute(await market.reference(payment["id"]))
    await market.sandbox.close_dispute(dispute.reference, is_won=True)
    await market.deliver()
    assert await market.postings() == [
        "payment.captured",
        "dispute.withdrawn",
        "dispute.held",
        "dispute.reinstated",
        "dispute.unheld",
    ]
    assert await market.balances(market.seller) == {"available": 9_000}
    await market.books_are_right()


async def test_money_that_a_bank_takes_a_second_time_is_a_persons(market: Market):
    payment = await market.paid(10_000)
    reference = await market.reference(payment["id"])
    opened = snapshot(reference, "needs_response", 10_000, "withdrawn")
    async with market.world.context.db.begin() as session:
        dispute_id = await service.adopt(
            session, UUID(payment["id"]), opened, account="acct_sandbox", now=market.world.clock.now()
        )
    assert await applied(market, dispute_id, opened)
    assert await applied(market, dispute_id, snapshot(reference, "won", 10_000, "withdrawn", "reinstated"))
    before = await market.postings()
    with pytest.raises(NotOurMoney):
        await applied(market, dispute_id, snapshot(reference, "lost", 10_000, "withdrawn", "reinstated", "withdrawn"))
    assert await shown(market, payment) == [("won", "reinstated", 10_000)]
    assert await market.postings() == before
