"""`cleanly payouts`: what waits is listed, the word on one is carried out and recorded, the switch works."""

import asyncio

from tests.domain.payouts.till import open_till
from tests.entry.test_cli import Done, quiet, run
from tests.world import World

__all__ = ["quiet"]


async def test_an_operator_decides_on_payouts(world: World, database_url: str):
    async def cleanly(*words: str) -> Done:
        return await asyncio.to_thread(run, database_url, "payouts", *words)

    till = await open_till(world)
    await till.earn(1_000)
    first = (await till.asked(400))["id"]
    listed = await cleanly("list", "--state", "held")
    assert first in listed.stdout
    assert "first_payout" in listed.stdout
    refused = await cleanly("refuse", first, "--reason", "it looks odd")
    assert (refused.returncode, refused.stdout) == (0, f"{first}: canceled, 4.00 EUR\n")
    second = (await till.asked(400))["id"]
    assert (await cleanly("approve", second, "--reason", "it looks fine")).returncode == 0
    assert (await cleanly("approve", second, "--reason", "once more")).returncode == 1
    assert (await cleanly("hold", second, "--reason", "wait")).returncode == 0
    assert (await cleanly("approve", second, "--reason", "go on")).returncode == 0
    await till.work()
    assert (await cleanly("retry", second, "--reason", "where is it")).stdout == f"{second}: in_transit, 4.00 EUR\n"
    assert (await cleanly("call-back", second, "--reason", "a mistake")).returncode == 0
    await till.work()
    assert await till.state(second) == "in_transit"  # the bank has it
    assert await till.stall.balance() == {"available": 600, "inTransit": 400}
    actions = [action for action in await world.actions() if action.startswith("payout.")]
    words = ("refused", "approved", "held", "approved", "retried", "called_back")
    assert actions == [f"payout.{word}" for word in words]


async def test_an_operator_stops_and_resumes_payouts(world: World, database_url: str):
    async def cleanly(*words: str) -> str:
        return (await asyncio.to_thread(run, database_url, "payouts", *words)).stdout

    assert await cleanly("stop", "--reason", "books") == "payouts are stopped\n"
    assert await cleanly("stop", "--reason", "books") == "payouts were stopped before\n"
    assert await world.rows("SELECT 1 FROM payout_stops WHERE resumed_at IS NULL") != []
    assert await cleanly("resume") == "payouts are sent again\n"
    assert await cleanly("resume") == "payouts were not stopped\n"
    actions = [action for action in await world.actions() if action.startswith("payouts.")]
    assert actions == ["payouts.stopped", "payouts.resumed"]
