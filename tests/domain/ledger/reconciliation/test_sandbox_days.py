"""Days with real payments: what the sandbox did and what we booked agree, until one of them is wrong."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from cleanly.domain.ledger import queries
from cleanly.domain.ledger.reconciliation.messages import RECONCILE
from cleanly.entry.modules import MODULES
from tests.domain.ledger.reconciliation.books import Reconciled
from tests.domain.payments.market import Market, open_market
from tests.world import World


@pytest.fixture
async def market(world: World) -> Market:
    return await open_market(world)


@pytest.fixture
async def day(market: Market) -> AsyncGenerator[Reconciled, None]:
    made = Reconciled(market.world)
    made.provider.name = "sandbox"
    yield made
    async with market.world.context.db.begin() as session:
        report = await queries.check_everything(session, seconds_max=30)
    assert report.is_clean, report


async def test_reconciliation_is_asked_for_every_hour():
    crons = [cron.schedule for module in MODULES for cron in module.crons if cron.task is RECONCILE]
    assert len(crons) == 1
    assert crons[0].split()[1:] == ["*"] * 4


async def test_a_clean_day_has_no_differences_and_clearing_goes_to_zero(market: Market, day: Reconciled):
    sale = await market.paid(10_000)
    await market.paid(5_000)
    assert (await market.refund(sale["id"], 4_000)).status_code == 201
    await market.deliver()
    await day.run()
    assert await day.items() == []
    fees = 320 + 175
    assert await day.balance("provider_fees") == fees
    assert await day.balance("clearing.sandbox") == 11_000 - fees
    assert await day.balance("provider.sandbox") == 0

    market.world.clock.move(days=4)
    await day.age(4)
    await market.deliver()
    await day.run()
    assert await day.items() == []
    assert await day.balance("clearing.sandbox") == 0
    assert await day.balance("provider.sandbox") == 11_000 - fees


@pytest.mark.parametrize(("fate", "is_lost"), [(20, True), (21, False)])
async def test_a_dispute_agrees_whichever_way_it_ends(market: Market, day: Reconciled, fate: int, is_lost: bool):
    await market.paid(10_000 + fate)
    for days in (1, 1, 7, 3):
        market.world.clock.move(days=days)
        await day.age(days)
        await market.deliver()
        await day.run()
    assert await day.items() == []
    assert await day.balance("clearing.sandbox") == 0
    assert await day.balance("dispute_fees") == 1_500
    assert await day.balance("provider.sandbox") == (0 if is_lost else 10_000 + fate) - 1_500 - 320


async def test_a_refund_that_fails_agrees(market: Market, day: Reconciled):
    sale = await market.paid(10_030)
    assert (await market.refund(sale["id"], 4_000)).status_code in {201, 202}
    for days in (1, 1, 3):
        market.world.clock.move(days=days)
        await market.deliver()
        await day.age(days)
        await day.run()
    assert await day.items() == []
    assert await day.balance("clearing.sandbox") == 0


async def test_what_became_available_by_the_sandboxs_clock_need_not_wait_for_ours(market: Market, day: Reconciled):
    await market.paid(10_000)
    await day.run()
    await market.sandbox.advance(timedelta(days=3))
    await day.run()
    assert await day.balance("clearing.sandbox") == 0
    assert await day.items() == []


async def test_importing_again_changes_nothing(market: Market, day: Reconciled):
    await market.paid(10_000)
    market.world.clock.move(days=2)
    await day.run()
    look = (
        "SELECT (SELECT count(*) FROM ledger_transactions), (SELECT array_agg(p ORDER BY id) FROM provider_entries p)"
    )
    before = await market.world.rows(look)
    await day.run()
    await day.run()
    assert await market.world.rows(look) == before


async def test_a_payment_whose_news_was_lost_is_missing_here_after_an_hour(market: Market, day: Reconciled):
    reply = await market.pay(10_003)
    reference = await market.reference(reply.json()["id"])
    await market.deliver()
    await market.sandbox.confirm(reference)  # and nothing of it is delivered to us
    await day.run()
    assert await day.items() == []
    market.world.clock.move(hours=1)
    await day.run()
    charge = reference.replace("py_", "ch_")
    assert await day.items() == [("missing_local", charge)]
    # Not mended: nothing was captured here.
    assert "payment.captured" not in await market.postings()
    await market.deliver()
    assert "payment.captured" in await market.postings()
    await day.run()
    # The news came after all: both lines found each other, and the difference still waits for a person.
    matches = await market.world.rows("SELECT match FROM provider_entries")
    assert [row.match for row in matches] == ["matched"]
    assert await day.items() == [("missing_local", charge)]
    assert (await day.only()).resolved_at is None
