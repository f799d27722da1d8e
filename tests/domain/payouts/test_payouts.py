"""Payouts through the door: asked for, reviewed, sent, arrived, come back; never twice, never more than there is."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from cleanly.domain.ledger.messages import BOOKS_BROKEN, BrokenBooks
from cleanly.domain.ledger.service import chart
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payouts.till import Till, open_till
from tests.world import World, code


@pytest.fixture
async def till(world: World, dated: None) -> AsyncGenerator[Till, None]:
    made = await open_till(world)
    yield made
    await made.is_right()


async def let_go(till: Till, amount: int = 6_000) -> str:
    """A payout that an administrator has let go, sent as far as it goes now."""
    payout = await till.asked(amount)
    if payout["state"] == "held":
        assert (await till.review("approve", payout["id"])).status_code == 200
    await till.work()
    return str(payout["id"])


async def known(till: Till) -> None:
    """The seller was paid there before: what comes now is not the first."""
    await till.earn(100)
    first = await let_go(till, 100)
    await till.wait(days=3)
    assert await till.state(first) == "paid"


@pytest.mark.parametrize("is_one_step", [False, True])
async def test_a_payout_is_set_aside_sent_and_arrives(till: Till, is_one_step: bool):
    till.sandbox.pays_in_one_step = is_one_step
    await till.earn(8_500)
    payout = await till.asked(6_000)
    assert (payout["state"], payout["destination"], payout["money"]) == (
        "held",
        "4242",
        {"amount": 6_000, "currency": "EUR"},
    )
    assert await till.stall.balance() == {"available": 2_500, "inTransit": 6_000}
    assert (await till.review("approve", payout["id"])).status_code == 200
    await till.work()
    assert await till.state(payout["id"]) == "in_transit"
    assert await till.left() == 6_000
    await till.wait(days=2, minutes=1)
    shown = await till.look(payout["id"])
    assert (shown["state"], shown["failureCode"]) == ("paid", None)
    assert shown["paidAt"] is not None
    assert await till.stall.balance() == {"available": 2_500}
    assert await till.arrived() == [6_000]
    told = [one for one in await till.market.told() if one.startswith("payout.")]
    assert told == ["payout.held", "payout.created", "payout.in_transit", "payout.paid"]
    assert [one for one in await till.market.postings() if one.startswith("payout.")] == [
        "payout.reserved",
        "payout.sent",
        "payout.paid",
    ]
    assert "payout.approved" in await till.world.actions()


async def test_no_more_than_there_is_and_nothing_without_a_place(till: Till):
    await till.earn(1_000)
    assert code(await till.ask(1_001)) == "INSUFFICIENT_BALANCE"
    assert code(await till.ask(1, "USD")) == "INSUFFICIENT_BALANCE"
    assert code(await till.ask(0)) == "VALIDATION_ERROR"
    assert code(await till.ask(1, "ABC")) == "VALIDATION_ERROR"
    stranger = await till.world.register()
    reply = await stranger.call("POST", "/payouts", {"amount": 1, "currency": "EUR"}, Idempotency_Key="stranger-1")
    assert (code(reply), reply.json()["error"]["details"]) == ("INVALID_STATE", {"state": "no_destination"})
    reply = await till.seller.call("POST", "/payouts", {"amount": 1, "currency": "EUR"})
    assert code(reply) == "IDEMPOTENCY_KEY_REQUIRED"
    assert await till.stall.balance() == {"available": 1_000}


async def test_twenty_at_once_are_one(till: Till):
    await till.earn(2_000)
    replies = await asyncio.gather(*(till.ask(100) for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 19
    (made,) = [reply.json()["id"] for reply in replies if reply.status_code == 201]
    for reply in replies:
        if reply.status_code == 409:
            assert code(reply) == "CONFLICT"
            assert reply.json()["error"]["details"] == {"payoutId": made}
    assert await till.stall.balance() == {"available": 1_900, "inTransit": 100}


async def test_the_same_key_is_the_same_payout(till: Till):
    await till.earn(2_000)
    first = await till.ask(100, key="payout-key-1")
    again = await till.ask(100, key="payout-key-1")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert code(await till.ask(101, key="payout-key-1")) == "IDEMPOTENCY_KEY_REUSED"


async def test_one_that_is_ours_can_be_given_up_and_one_that_left_can_not(till: Till):
    await till.earn(2_000)
    payout = await till.asked(500)
    assert (await till.cancel(payout["id"])).json()["state"] == "canceled"
    assert (await till.cancel(payout["id"])).json()["state"] == "canceled"
    assert await till.stall.balance() == {"available": 2_000}
    sent = await let_go(till, 600)
    reply = await till.cancel(sent)
    assert (code(reply), reply.json()["error"]["details"]) == ("INVALID_STATE", {"state": "in_transit"})
    other = await till.world.register()
    assert code(await other.call("GET", f"/payouts/{sent}")) == "NOT_FOUND"
    assert code(await other.call("POST", f"/payouts/{sent}/cancel", Idempotency_Key="other-1")) == "NOT_FOUND"


async def test_what_is_refused_by_a_person_is_available_again(till: Till):
    await till.earn(2_000)
    payout = await till.asked(500)
    assert (await till.review("refuse", payout["id"])).json()["state"] == "canceled"
    assert (await till.look(payout["id"]))["failureCode"] == "refused"
    assert code(await till.review("approve", payout["id"])) == "INVALID_STATE"
    assert await till.stall.balance() == {"available": 2_000}
    assert await till.theirs() == []
    reply = await till.seller.call("POST", f"/admin/payouts/{payout['id']}/approve", {"reason": "mine"})
    assert code(reply) == "FORBIDDEN"


async def test_the_second_to_a_place_goes_at_once(till: Till):
    await known(till)
    await till.earn(6_000)
    payout = await till.asked(6_000)
    assert payout["state"] == "requested"
    await till.work()
    assert await till.state(payout["id"]) == "in_transit"


@pytest.mark.parametrize(("fate", "state"), [(40, "failed"), (42, "returned")])
@pytest.mark.parametrize("is_one_step", [False, True])
async def test_what_does_not_arrive_is_available_again(till: Till, fate: int, state: str, is_one_step: bool):
    till.sandbox.pays_in_one_step = is_one_step
    amount = 6_000 + fate
    await till.earn(amount)
    payout = await let_go(till, amount)
    assert await till.state(payout) == "in_transit"
    await till.wait(days=31)
    assert await till.state(payout) == state
    assert await till.stall.balance() == {"available": amount}
    assert await till.left() == 0
    assert [one for one in await till.market.postings() if one.startswith("payout.")] == [
        "payout.reserved",
        "payout.sent",
        "payout.unsent",
        "payout.returned",
    ]


@pytest.mark.parametrize("is_one_step", [False, True])
async def test_a_failure_after_it_was_paid_restores_exactly(till: Till, is_one_step: bool):
    till.sandbox.pays_in_one_step = is_one_step
    await till.earn(10_000)
    payout = await let_go(till, 6_041)
    await till.wait(days=2, minutes=1)
    assert await till.state(payout) == "paid"
    assert await till.stall.balance() == {"available": 3_959}
    await till.wait(days=3, minutes=1)
    shown = await till.look(payout)
    assert (shown["state"], shown["failureCode"]) == ("failed", "account_closed")
    assert await till.stall.balance() == {"available": 10_000}
    assert await till.left() == 0
    assert (await till.market.postings())[-3:] == ["payout.unpaid", "payout.unsent", "payout.returned"]


async def test_what_comes_back_pays_what_is_owed_first(till: Till):
    await till.earn(6_040)
    payout = await let_go(till, 6_040)
    await till.stall.post("test.refunded", (chart.RECEIVABLE, 240))
    await till.wait(days=3)
    assert await till.state(payout) == "failed"
    assert await till.stall.balance() == {"available": 5_800}


async def test_an_account_that_loses_payouts_before_sending_gets_nothing(till: Till):
    await till.earn(6_043)
    payout = await let_go(till, 6_043)
    shown = await till.look(payout)
    assert (shown["state"], shown["failureCode"]) == ("failed", "payouts_not_allowed")
    assert [(one.kind, one.state) for one in await till.theirs()] == [("transfer", "6043")]
    assert await till.stall.balance() == {"available": 6_043}


async def test_a_destination_that_changed_after_the_request_gets_nothing(till: Till):
    await till.earn(6_000)
    payout = await till.asked(6_000)
    await till.sandbox.change_destination(await till.reference(), "6666")
    assert (await till.review("approve", payout["id"])).status_code == 200
    await till.work()
    shown = await till.look(payout["id"])
    assert (shown["state"], shown["failureCode"], shown["destination"]) == ("canceled", "destination_changed", "4242")
    assert await till.theirs() == []
    assert await till.stall.balance() == {"available": 6_000}


async def test_a_new_destination_cools_down(till: Till):
    await known(till)
    await till.sandbox.change_destination(await till.reference(), "6666")
    await till.work()
    await till.earn(6_000)
    payout = await till.asked(500)
    assert payout["state"] == "held"
    (row,) = await till.world.rows("SELECT held_for FROM payouts WHERE state = 'held'")
    assert row.held_for == ["first_payout", "destination_changed"]


async def test_what_nobody_answered_is_asked_again_with_its_key(till: Till):
    for fate in (Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER, Fate.BUSY):
        for operation in ("send_transfer", "send_payout"):
            await till.earn(300)
            till.next(fate, on=operation)
            payout = await let_go(till, 300)
            # News of it may come before the janitor asks again.
            assert await till.state(payout) in {"unknown", "sending", "in_transit"}, (fate, operation)
            reply = await till.cancel(payout)
            assert code(reply) == "INVALID_STATE"
            await till.wait(minutes=2)
            assert await till.state(payout) == "in_transit", (fate, operation)
            await till.wait(days=3)
            assert await till.state(payout) == "paid", (fate, operation)
    rows = await till.theirs()
    assert len(rows) == 16
    assert await till.left() == 8 * 300


async def test_money_that_is_not_there_yet_is_asked_for_later(till: Till):
    for operation in ("send_transfer", "send_payout"):
        await till.earn(300)
        till.next(Fate.NOT_YET, on=operation)
        payout = await let_go(till, 300)
        assert await till.state(payout) == "sending"
        await till.tidy()
        assert await till.state(payout) == "sending"
        await till.wait(hours=1, minutes=1)
        assert await till.state(payout) == "in_transit"
        await till.wait(days=3)


async def test_a_transfer_that_can_not_be_taken_back_yet_keeps_the_money_away(till: Till):
    await till.earn(6_040)
    payout = await let_go(till, 6_040)
    till.next(Fate.NOT_YET, on="reverse_transfer")
    await till.wait(days=2, minutes=1)
    assert await till.state(payout) == "in_transit"
    assert await till.stall.balance() == {"inTransit": 6_040}
    await till.wait(hours=1, minutes=1)
    assert await till.state(payout) == "failed"
    assert await till.stall.balance() == {"available": 6_040}


async def test_a_fault_in_the_books_stops_payouts_until_a_person_resumes_them(till: Till):
    await known(till)
    await till.earn(6_000)
    till.boss.access = (await till.world.login(till.boss.email)).access
    reply = await till.boss.call("POST", "/admin/payout-stop", {"reason": "a drill"})
    assert reply.json()["isStopped"] is True
    payout = await till.asked(6_000)
    await till.work()
    await till.wait(minutes=11)
    assert await till.state(payout["id"]) == "requested"
    assert len(await till.theirs()) == 2
    till.boss.access = (await till.world.login(till.boss.email)).access
    assert (await till.boss.call("POST", "/admin/payout-stop/resume")).json()["isStopped"] is False
    await till.wait(minutes=11)
    assert await till.state(payout["id"]) == "in_transit"
    actions = await till.world.actions()
    assert "payouts.stopped" in actions
    assert "payouts.resumed" in actions


async def test_lost_doubled_and_reversed_news_end_in_the_same_state(till: Till):
    for fate in (10, 11, 12, 13):
        await till.earn(1_000 + fate)
        payout = await let_go(till, 1_000 + fate)
        await till.wait(days=3)
        await till.wait(days=1)
        assert await till.state(payout) == "paid", fate


async def test_the_list_is_the_sellers_own_newest_first(till: Till):
    await till.earn(1_000)
    made = []
    for amount in (100, 200, 300):
        payout = await till.asked(amount)
        made.append(payout["id"])
        await till.cancel(payout["id"])
    first = (await till.stall.get("/payouts?limit=2")).json()
    assert [one["id"] for one in first["items"]] == [made[2], made[1]]
    rest = (await till.stall.get(f"/payouts?limit=2&cursor={first['nextCursor']}")).json()
    assert ([one["id"] for one in rest["items"]], rest["nextCursor"]) == ([made[0]], None)
    assert (await till.stall.get("/payouts?state=held")).json()["items"] == []
    other = await till.world.register()
    assert (await other.call("GET", "/payouts")).json()["items"] == []


async def test_books_that_do_not_prove_themselves_stop_payouts(till: Till):
    await known(till)
    await till.earn(6_000)
    async with till.world.context.db.begin() as session:
        await jobs.enqueue(session, BOOKS_BROKEN, BrokenBooks(check="recent", drift=1, faults=0))
        await jobs.enqueue(session, BOOKS_BROKEN, BrokenBooks(check="full", drift=2, faults=1))
    await till.work()
    till.boss.access = (await till.world.login(till.boss.email)).access
    shown = (await till.boss.call("GET", "/admin/payout-stop")).json()
    assert (shown["isStopped"], shown["reason"]) == (True, "recent check: 1 balances drifted, 0 faults")
    payout = await till.asked(6_000)
    await till.work()
    assert await till.state(payout["id"]) == "requested"
    assert (await till.cancel(payout["id"])).json()["state"] == "canceled"
    assert code(await till.seller.call("GET", "/admin/payout-stop")) == "FORBIDDEN"


async def test_a_second_step_waits_while_payouts_are_stopped(till: Till):
    await till.earn(300)
    till.next(Fate.NOT_YET, on="send_payout")
    payout = await let_go(till, 300)
    till.boss.access = (await till.world.login(till.boss.email)).access
    await till.boss.call("POST", "/admin/payout-stop", {"reason": "a drill"})
    await till.wait(hours=2)
    assert await till.state(payout) == "sending"
    assert [one.kind for one in await till.theirs()] == ["transfer"]
    till.boss.access = (await till.world.login(till.boss.email)).access
    await till.boss.call("POST", "/admin/payout-stop/resume")
    await till.wait(minutes=11)
    assert await till.state(payout) == "in_transit"


async def test_money_that_the_provider_moved_otherwise_is_not_booked(till: Till):
    await till.earn(6_000)
    payout = await let_go(till)
    await till.world.rows(
        "UPDATE sandbox_objects SET data = jsonb_set(data, '{amount}', '6001') WHERE kind = 'payout' RETURNING id"
    )
    before = await till.market.postings()
    await till.wait(hours=25)
    (row,) = await till.world.rows("SELECT state, alarm FROM payouts")
    assert (row.state, row.alarm) == ("in_transit", "another amount")
    assert await till.market.postings() == before
    await till.world.rows(
        "UPDATE sandbox_objects SET data = jsonb_set(data, '{amount}', '6000') WHERE kind = 'payout' RETURNING id"
    )
    await till.wait(days=3)
    assert await till.state(payout) == "paid"
    assert await till.world.rows("SELECT 1 FROM payout_accounts WHERE verified_at IS NOT NULL")


async def test_an_operator_holds_lets_go_and_asks_again(till: Till):
    await known(till)
    await till.earn(6_000)
    payout = await till.asked(6_000)
    assert (await till.review("hold", payout["id"])).json()["heldFor"] == ["operator"]
    await till.work()
    assert await till.state(payout["id"]) == "held"
    reply = await till.boss.call("GET", f"/admin/payouts?state=held&sellerId={till.seller.user_id}")
    assert [one["id"] for one in reply.json()["items"]] == [payout["id"]]
    assert code(await till.review("retry", payout["id"])) == "INVALID_STATE"
    assert (await till.review("approve", payout["id"])).json()["state"] == "requested"
    till.next(Fate.TIMEOUT_BEFORE, on="send_transfer")
    await till.work()
    assert await till.state(payout["id"]) == "unknown"
    assert (await till.review("retry", payout["id"])).status_code == 200
    await till.work()
    assert await till.state(payout["id"]) == "in_transit"
    assert code(await till.seller.call("GET", "/admin/payouts")) == "FORBIDDEN"


async def test_payouts_are_part_of_what_is_held_on_a_person(till: Till):
    await till.earn(6_000)
    payout = await till.asked(6_000)
    exported = (await till.stall.get("/users/me/export")).json()
    assert [one["id"] for one in exported["payouts"]["payouts"]] == [payout["id"]]


@pytest.mark.parametrize("is_one_step", [False, True])
async def test_what_nobody_has_claimed_is_called_back_once_and_what_is_no_longer_on_its_way_is_not(
    till: Till, is_one_step: bool
):
    till.sandbox.pays_in_one_step = is_one_step
    await till.earn(642)
    unclaimed = await let_go(till, 642)
    for _ in range(2):
        assert (await till.review("call-back", unclaimed)).status_code == 200
    await till.work()
    assert await till.state(unclaimed) == "returned"
    assert await till.stall.balance() == {"available": 642}
    assert await till.left() == 0
    late = await till.review("call-back", unclaimed)
    assert (late.status_code, code(late)) == (409, "INVALID_STATE")
