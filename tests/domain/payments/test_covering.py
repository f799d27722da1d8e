"""A share that comes back covers what had to go without it: the order of the news costs nobody anything."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from cleanly.domain.payments import books
from cleanly.domain.payments.disputes import service as disputes
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.test_disputes import applied, snapshot
from tests.domain.payments.test_orders import NEWS_MAX, Life, alone, euros
from tests.waiting import eventually

ORDERS = pytest.mark.parametrize("order", [range(NEWS_MAX), range(NEWS_MAX - 1, -1, -1)], ids=["as told", "last first"])


async def balances(life: Life) -> dict[str, int]:
    return await life.market.balances(life.market.seller) | await life.market.balances()


@ORDERS
async def test_a_refund_told_before_the_dispute_in_its_way_was_won_takes_what_comes_back(database_url, order):
    async with alone(database_url) as life:
        sandbox = life.market.sandbox
        await life.begin(Fate.PLAIN, 10_000)
        dispute = await sandbox.dispute(life.reference)
        await life.live([("news", number) for number in range(NEWS_MAX)])
        assert (await balances(life))["disputed"] == 9_000
        await sandbox.close_dispute(dispute.reference, is_won=True)
        await sandbox.refund_in_dashboard(life.reference, euros(6_000))
        await life.end(list(order))
        assert await balances(life) == {"available": 3_600, "fees": 400, "clearing.sandbox": 4_000}
        covered = (await life.market.postings()).count("refund.covered")
        assert covered == (0 if order[0] == 0 else 1)


@pytest.mark.parametrize(
    ("state", "platform", "seller"),
    [
        ("needs_response", {"fees": 1_003, "dispute_suspense": 10_030}, {"disputed": 9_027}),
        ("lost", {"fees": 1_003, "dispute_loss": 1_003}, {}),
    ],
)
async def test_a_dispute_of_more_than_was_left_takes_what_a_failed_refund_gives_back(market, state, platform, seller):
    payment = await market.paid(10_000 + Fate.REFUND_FAILS)
    await market.refund(payment["id"], 4_000)
    seen = snapshot(await market.reference(payment["id"]), state, 10_030, "withdrawn")
    async with market.world.context.db.begin() as session:
        dispute_id = await disputes.adopt(
            session, UUID(payment["id"]), seen, account="acct_sandbox", now=market.world.clock.now()
        )
    assert await applied(market, dispute_id, seen)
    assert (await market.balances(market.seller)).get("disputed", 0) < 9_027
    await market.later(days=1, minutes=1)
    assert (await market.postings())[-2:] == ["refund.failed", "dispute.covered"]
    assert await market.balances() == platform
    assert await market.balances(market.seller) == seller


async def test_what_comes_back_waits_for_a_hold_before_it_locks_a_balance(market):
    """As a release does, which locks holds first: in the other order each would wait for the other."""
    world, seller = market.world, UUID(market.seller.user_id)
    payment = await market.paid(10_000 + Fate.REFUND_FAILS)
    await market.refund(payment["id"], 4_000)
    seen = snapshot(await market.reference(payment["id"]), "lost", 10_030, "withdrawn")
    async with world.context.db.begin() as session:
        dispute_id = await disputes.adopt(
            session, UUID(payment["id"]), seen, account="acct_sandbox", now=world.clock.now()
        )
    assert await applied(market, dispute_id, seen)
    await world.rows(
        "INSERT INTO holds (id, payment_id, seller_id, kind, currency, amount, remaining, release_at, created_at)"
        " SELECT gen_random_uuid(), payment_id, seller_id, 'reserve', currency, 100, 100, release_at, created_at"
        " FROM holds RETURNING id"
    )
    await market.wait(days=1, minutes=1)
    async with world.context.db.begin(deadline_seconds=30) as session:
        await session.execute(text("SELECT FROM holds WHERE kind = 'reserve' FOR UPDATE"))
        coming_back = asyncio.create_task(market.deliver())
        await eventually(world.waits_for_a_lock, what="the refund that failed waits for the hold")
        await books.sellers_balances(session, seller, "EUR")
    await coming_back
    assert await world.rows("SELECT last_error FROM inbound_events WHERE last_error IS NOT NULL") == []
    assert (await market.postings())[-2:] == ["refund.failed", "dispute.covered"]
