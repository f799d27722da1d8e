"""Balances put right by hand: a reason, a transaction in the books, and above a limit a second administrator."""

import asyncio
from typing import Any

import pytest

from cleanly.domain.ledger.service import chart
from tests.domain.catalog.shelf import admin
from tests.domain.payments.market import new_key
from tests.domain.payouts.stall import Stall
from tests.world import Phone, code

LIMIT = 10_000


async def ask(boss: Phone, stall: Stall, amount: int, kind: str = "credit", **more: Any) -> Any:
    body = {"sellerId": stall.seller.user_id, "kind": kind, "amount": amount, "currency": "EUR", "reason": "Ticket 7"}
    return await boss.call("POST", "/admin/adjustments", body | more, Idempotency_Key=new_key())


async def decide(boss: Phone, adjustment: Any, verdict: str) -> Any:
    return await boss.call("POST", f"/admin/adjustments/{adjustment.json()['id']}/{verdict}")


async def test_a_small_one_is_posted_at_once_and_the_seller_reads_what_it_was_for(stall: Stall):
    boss = await admin(stall.world)
    reply = await ask(boss, stall, 500, description="Shipping given back")
    assert (reply.status_code, reply.json()["state"]) == (201, "posted")
    assert await stall.balance() == {"available": 500}
    [item] = await stall.transactions()
    assert (item["type"], item["description"]) == ("adjustment.credited", "Shipping given back")
    assert item["object"]["id"] == reply.json()["id"]
    assert "Ticket 7" not in str(item)
    assert (await ask(boss, stall, 200, "debit")).json()["state"] == "posted"
    assert await stall.balance() == {"available": 300}
    assert (await stall.market.balances())["adjustments"] == 300
    said = await stall.world.rows("SELECT action, details FROM audit_events WHERE action LIKE 'adjustment.%'")
    assert [(row.action, row.details["reason"]) for row in said] == [("adjustment.posted", "Ticket 7")] * 2


async def test_a_credit_pays_what_is_owed_first_and_a_debt_may_be_written_off(stall: Stall):
    boss = await admin(stall.world)
    await stall.post("test.owes", (chart.RECEIVABLE, 700))
    assert (await ask(boss, stall, 300)).status_code == 201
    assert await stall.balance() == {"receivable": 400}
    assert (await ask(boss, stall, 400, "write_off")).status_code == 201
    assert await stall.balance() == {}
    assert (await ask(boss, stall, 100)).status_code == 201
    assert await stall.balance() == {"available": 100}


@pytest.mark.parametrize("kind", ["debit", "write_off"])
async def test_no_more_is_taken_than_there_is(stall: Stall, kind: str):
    boss = await admin(stall.world)
    await ask(boss, stall, 100)
    reply = await ask(boss, stall, 101, kind)
    assert (reply.status_code, code(reply)) == (409, "INSUFFICIENT_BALANCE")
    assert await stall.balance() == {"available": 100}
    listed = (await boss.call("GET", "/admin/adjustments")).json()["items"]
    assert [one["kind"] for one in listed] == ["credit"]


async def test_a_large_one_waits_for_another_administrator_who_approves_it_once(stall: Stall):
    boss, other = await admin(stall.world), await admin(stall.world)
    asked = await ask(boss, stall, LIMIT + 1)
    assert asked.json()["state"] == "pending"
    assert await stall.balance() == {}
    own = await decide(boss, asked, "approve")
    assert (own.status_code, code(own)) == (403, "FORBIDDEN")
    pending = await other.call("GET", f"/admin/adjustments?state=pending&sellerId={stall.seller.user_id}")
    assert [one["id"] for one in pending.json()["items"]] == [asked.json()["id"]]
    both = await asyncio.gather(*(decide(other, asked, "approve") for _ in range(4)))
    assert sorted(reply.status_code for reply in both) == [200, 409, 409, 409]
    assert await stall.balance() == {"available": LIMIT + 1}
    assert (await other.call("GET", "/admin/adjustments?state=pending")).json()["items"] == []
    actions = [action for action in await stall.world.actions() if action.startswith("adjustment.")]
    assert actions == ["adjustment.asked", "adjustment.approved"]


async def test_a_refused_one_moves_nothing_and_whoever_asked_may_take_it_back(stall: Stall):
    boss, other = await admin(stall.world), await admin(stall.world)
    for who in (boss, other):
        asked = await ask(boss, stall, LIMIT + 1)
        assert (await decide(who, asked, "refuse")).json()["state"] == "refused"
        assert code(await decide(other, asked, "approve")) == "INVALID_STATE"
    assert await stall.balance() == {}


async def test_many_small_ones_of_one_administrator_are_a_large_one(stall: Stall):
    boss, other = await admin(stall.world), await admin(stall.world)
    replies = await asyncio.gather(*(ask(boss, stall, LIMIT // 4) for _ in range(6)))
    assert sorted(reply.json()["state"] for reply in replies) == ["pending"] * 2 + ["posted"] * 4
    assert (await ask(other, stall, LIMIT)).json()["state"] == "posted"
    await stall.wait(hours=24, minutes=1)
    again = await stall.world.login(boss.email)
    assert (await ask(again, stall, LIMIT)).json()["state"] == "posted"


async def test_an_approval_that_the_balance_does_not_bear_leaves_it_pending(stall: Stall):
    boss, other = await admin(stall.world), await admin(stall.world)
    asked = await ask(boss, stall, LIMIT + 1, "debit")
    assert code(await decide(other, asked, "approve")) == "INSUFFICIENT_BALANCE"
    await stall.post("test.earned", (chart.AVAILABLE, -LIMIT - 1))
    assert (await decide(other, asked, "approve")).status_code == 200
    assert await stall.balance() == {}


async def test_it_is_for_administrators_and_for_sellers_that_exist(stall: Stall):
    boss = await admin(stall.world)
    assert code(await ask(stall.seller, stall, 1)) == "FORBIDDEN"
    stranger = "01a2038e-07d5-7c39-9e0e-5d0f0a2b7c11"
    assert code(await ask(boss, stall, 1, sellerId=stranger)) == "NOT_FOUND"
    assert code(await ask(boss, stall, 1, currency="XQQ")) == "VALIDATION_ERROR"
    assert code(await ask(boss, stall, 1, reason="")) == "VALIDATION_ERROR"
