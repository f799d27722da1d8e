"""Whoever sends a payout may die between any two lines: it is sent once, or comes back whole."""

from collections.abc import AsyncGenerator

import pytest
import structlog

from tests.conftest import empty
from tests.deaths import Death, Deaths
from tests.domain.payments.story import on_the_storys_time
from tests.domain.payouts.till import Till, open_till
from tests.world import World

STEPS_MAX = 60


@pytest.fixture
async def till(world: World, dated: None, database_url: str) -> AsyncGenerator[Till, None]:
    with structlog.testing.capture_logs():
        made = await open_till(world)
        on_the_storys_time(made.market)
        # The second payout to a place goes without a person.
        await made.earn(100)
        payout = await made.asked(100)
        await made.review("approve", payout["id"])
        await made.work()
        await made.wait(days=3)
        assert await made.state(payout["id"]) == "paid"
        yield made
        await made.is_right()
    empty(database_url)


async def recover(till: Till) -> None:
    """A worker is there again; the janitor comes round twice."""
    for _ in range(2):
        await till.wait(minutes=6)


@pytest.mark.parametrize("is_one_step", [False, True])
@pytest.mark.parametrize("death", list(Death))
async def test_a_death_while_sending_sends_once(
    till: Till, death: Death, is_one_step: bool, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    till.sandbox.pays_in_one_step = is_one_step
    deaths = Deaths(till.world, database_url, monkeypatch)
    sent = 100
    for step in range(STEPS_MAX):
        await till.earn(300)
        payout = await till.asked(300)
        assert payout["state"] == "requested"
        await deaths.strike(death, step, till.world.work())
        struck = deaths.has_struck
        await recover(till)
        assert await till.state(payout["id"]) == "in_transit", (step, await till.look(payout["id"]))
        sent += 300
        assert await till.left() == sent
        await till.wait(days=3)
        assert await till.state(payout["id"]) == "paid"
        assert sum(await till.arrived()) == sent
        assert await till.stall.balance() == {}
        if not struck:
            assert step > 1
            return
    raise AssertionError("it never ran to its end")


@pytest.mark.parametrize("is_one_step", [False, True])
@pytest.mark.parametrize("death", list(Death))
async def test_a_death_while_it_comes_back_gives_it_back_once(
    till: Till, death: Death, is_one_step: bool, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    till.sandbox.pays_in_one_step = is_one_step
    deaths = Deaths(till.world, database_url, monkeypatch)
    await till.earn(341)
    for step in range(STEPS_MAX):
        payout = await till.asked(341)
        await till.work()
        await till.wait(days=2, minutes=1)
        assert await till.state(payout["id"]) == "paid"
        await till.stall.wait(days=3, minutes=1)
        await till.sandbox.pump()
        await deaths.strike(death, step, till.world.work())
        struck = deaths.has_struck
        await till.wait(minutes=6)
        await till.market.sweep()
        await till.wait(hours=25)
        await till.wait(minutes=6)
        assert await till.state(payout["id"]) == "failed", (step, await till.look(payout["id"]))
        assert await till.left() == 100
        assert await till.stall.balance() == {"available": 341}
        if not struck:
            assert step > 1
            return
    raise AssertionError("it never ran to its end")
