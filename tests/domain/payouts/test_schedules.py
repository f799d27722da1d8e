"""Schedules through the door: what is available goes by itself, once, in what a bank takes."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cleanly.domain.payouts.schedules import service
from cleanly.domain.payouts.sending import asking
from cleanly.platform.providers.currencies import STRIPE
from tests.domain.payouts.till import Till, open_till
from tests.world import World, code


@pytest.fixture
async def till(world: World, dated: None) -> AsyncGenerator[Till, None]:
    made = await open_till(world)
    await made.earn(100)
    first = await made.asked(100)
    await made.review("approve", first["id"])
    await made.work()
    await made.wait(days=3)
    yield made
    await made.is_right()


async def choose(till: Till, **schedule: Any) -> dict[str, Any]:
    reply = await till.seller.call("PUT", "/payout-schedule", schedule)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def payouts(till: Till) -> list[tuple[int, str, str]]:
    items = (await till.stall.get("/payouts")).json()["items"]
    return [(one["money"]["amount"], one["money"]["currency"], one["state"]) for one in items if one["isScheduled"]]


async def test_by_hand_unless_chosen_otherwise(till: Till):
    shown = (await till.stall.get("/payout-schedule")).json()
    assert shown == {"interval": "manual", "weekday": None, "day": None, "minimums": [], "nextAt": None}
    for wrong in (
        {"interval": "weekly"},
        {"interval": "monthly"},
        {"interval": "daily", "day": 3},
        {"interval": "weekly", "weekday": 8},
        {"interval": "hourly"},
        {"interval": "daily", "minimums": [{"amount": 1, "currency": "ABC"}]},
        {"interval": "daily", "minimums": [{"amount": 1, "currency": "EUR"}] * 2},
    ):
        assert code(await till.seller.call("PUT", "/payout-schedule", wrong)) == "VALIDATION_ERROR", wrong


async def test_a_day_at_a_time_what_is_available_goes(till: Till):
    shown = await choose(till, interval="daily", minimums=[{"amount": 1_000, "currency": "EUR"}])
    due = datetime.fromisoformat(shown["nextAt"])
    now = till.world.clock.now()
    assert now < due <= now + timedelta(days=1)
    await till.earn(999)
    await till.wait(days=1)
    await till.run_schedules()
    assert await payouts(till) == []
    await till.earn(501)
    await till.wait(days=1)
    await till.run_schedules()
    await till.run_schedules()
    assert await payouts(till) == [(1_500, "EUR", "in_transit")]
    await till.earn(2_000)
    await till.wait(days=1)
    await till.run_schedules()
    assert len(await payouts(till)) == 1  # one at a time
    await till.wait(days=2)
    await till.run_schedules()
    assert await payouts(till) == [(2_000, "EUR", "in_transit"), (1_500, "EUR", "paid")]


async def test_each_currency_is_a_payout_of_its_own(till: Till):
    await choose(till, interval="weekly", weekday=3)
    for currency in ("EUR", "USD", "JPY"):
        await till.earn(5_000, currency)
    await till.wait(days=7)
    await till.run_schedules()
    assert sorted(await payouts(till)) == [
        (5_000, "EUR", "in_transit"),
        (5_000, "JPY", "in_transit"),
        (5_000, "USD", "in_transit"),
    ]


async def test_what_a_bank_does_not_take_stays(till: Till, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "TABLES", {"sandbox": STRIPE})
    await choose(till, interval="daily")
    await till.earn(12_345, "HUF")
    await till.earn(99, "TWD")
    reply = await till.ask(12_345, "HUF")
    assert (code(reply), reply.json()["error"]["details"]["reason"]) == ("VALIDATION_ERROR", "not_payable")
    await till.wait(days=1)
    await till.run_schedules()
    assert await payouts(till) == [(12_300, "HUF", "in_transit")]
    assert await till.stall.balance("HUF") == {"available": 45, "inTransit": 12_300}
    assert await till.stall.balance("TWD") == {"available": 99}


async def test_two_who_run_at_once_share_the_work(till: Till):
    await choose(till, interval="daily")
    await till.earn(5_000)
    await till.stall.wait(days=1)

    async def claim() -> int:
        async with till.world.context.db.begin() as session:
            return await service.claim_due(session, now=till.world.clock.now(), limit=10)

    assert sum(await asyncio.gather(*(claim() for _ in range(8)))) == 1
    await till.work()
    assert await payouts(till) == [(5_000, "EUR", "in_transit")]
    after = datetime.fromisoformat((await till.stall.get("/payout-schedule")).json()["nextAt"])
    assert after > till.world.clock.now().astimezone(UTC)


async def test_days_in_which_nobody_ran_are_made_up_for_once(till: Till):
    await choose(till, interval="daily")
    await till.earn(5_000)
    await till.wait(days=9)
    await till.run_schedules()
    assert await payouts(till) == [(5_000, "EUR", "in_transit")]
