"""Money given back: by us, in the dashboard, in cents, in a crowd; and given back again when that fails."""

import asyncio
from collections import Counter

from cleanly.kernel.money import Money
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.market import Market
from tests.world import code


def euros(amount: int) -> Money:
    return Money(amount, "EUR")


async def test_refunds_come_in_parts_and_share_one_cap(market: Market):
    payment = await market.paid(10_000)
    first = await market.refund(payment["id"], 4_000)
    assert (first.status_code, first.json()["state"], first.json()["money"]["amount"]) == (201, "succeeded", 4_000)
    reply = await market.refund(payment["id"], 6_001)
    assert (code(reply), reply.json()["error"]["details"]["left"]) == ("CONFLICT", 6_000)
    assert (await market.refund(payment["id"])).json()["money"]["amount"] == 6_000
    assert code(await market.refund(payment["id"])) == "CONFLICT"
    await market.deliver()
    assert await market.balances() == {}
    assert await market.balances(market.seller) == {}
    looked = await market.look(payment["id"])
    assert (looked["refunded"]["amount"], looked["refunding"]["amount"], looked["state"]) == (10_000, 0, "captured")
    path = f"/payments/{payment['id']}/refunds"
    assert [one["money"]["amount"] for one in (await market.buyer.call("GET", path)).json()["items"]] == [4_000, 6_000]
    assert Counter(await market.told())["refund.succeeded"] == 2
    await market.books_are_right()


async def test_the_same_key_refunds_once_and_equal_amounts_are_no_duplicates(market: Market):
    payment = await market.paid(10_000)
    one = await market.refund(payment["id"], 100, key="refund-1")
    same = await market.refund(payment["id"], 100, key="refund-1")
    other = await market.refund(payment["id"], 100, key="refund-2")
    assert one.json() == same.json()
    assert one.json()["id"] != other.json()["id"]
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 200
    await market.deliver()
    await market.books_are_right()


async def test_what_is_not_captured_cannot_be_refunded(market: Market):
    payment = await market.paid(captureMethod="manual")
    assert code(await market.refund(payment["id"])) == "INVALID_STATE"
    for amount in (0, -1, "1", 1.5):
        reply = await market.act("refunds", payment["id"], {"amount": amount})
        assert code(reply) == "VALIDATION_ERROR"


async def test_a_crowd_of_refunds_never_gives_back_more_than_was_taken(market: Market):
    payment = await market.paid(1_000)
    replies = await asyncio.gather(*(market.refund(payment["id"], 100) for _ in range(64)))
    assert {reply.status_code for reply in replies} <= {201, 409, 502, 503, 504}
    assert sum(reply.status_code == 201 for reply in replies) <= 10
    for _ in range(3):
        await market.later(minutes=6)
    looked = await market.look(payment["id"])
    assert looked["refunding"]["amount"] == 0
    assert 0 < looked["refunded"]["amount"] <= 1_000
    await market.books_are_right()
    while (await market.refund(payment["id"], 100)).status_code == 201:
        pass
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 1_000
    assert await market.balances() == {}


async def test_cent_by_cent_every_share_ends_at_nothing(market: Market):
    payment = await market.paid(37)
    for left in range(37, 0, -1):
        assert (await market.refund(payment["id"], 1)).status_code == 201, left
    assert code(await market.refund(payment["id"], 1)) == "CONFLICT"
    rows = await market.world.rows("SELECT seller_left, fee_left, tax_left FROM payments")
    assert rows == [(0, 0, 0)]
    assert await market.balances(market.seller) == {}
    assert await market.balances() == {}
    await market.books_are_right()


async def test_a_refund_that_fails_later_gives_back_exactly_what_it_took(market: Market):
    payment = await market.paid(1_030)
    made = (await market.refund(payment["id"], 500)).json()
    assert made["state"] == "pending"
    before = await market.balances()
    assert before["clearing.sandbox"] == 530
    await market.later(days=1, hours=1)
    path = f"/payments/{payment['id']}/refunds"
    refunds = (await market.buyer.call("GET", path)).json()["items"]
    assert [(one["state"], one["failureCode"]) for one in refunds] == [("failed", "expired_or_canceled_card")]
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 0
    assert await market.balances() == {"clearing.sandbox": 1_030, "fees": 103}
    seller = await market.balances(market.seller)
    assert sum(seller.values()) == 927
    assert seller["available"] == 450
    assert "refund.failed" in await market.told()
    await market.books_are_right()


async def test_refunds_from_the_dashboard_are_taken_over_under_the_same_cap(market: Market):
    payment = await market.paid(10_000)
    await market.sandbox.refund_in_dashboard(await market.reference(payment["id"]), euros(2_500))
    await market.deliver()
    await market.deliver()
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 2_500
    assert await market.postings() == ["payment.captured", "refund.made"]
    assert code(await market.refund(payment["id"], 7_501)) == "CONFLICT"
    assert (await market.refund(payment["id"], 7_500)).status_code == 201
    await market.deliver()
    await market.books_are_right()


async def test_twice_the_same_in_the_dashboard_is_two_refunds(market: Market):
    payment = await market.paid(1_031)
    await market.later(days=1, hours=1)
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 1_030
    assert Counter(await market.postings())["refund.made"] == 2
    await market.books_are_right()


async def test_a_dashboard_refund_beyond_our_cap_books_nothing_and_waits_for_a_person(market: Market):
    payment = await market.paid(1_000)
    # Ours is set aside but has not reached the provider, which therefore still has all of it to give.
    market.sandbox.next(Fate.TIMEOUT_BEFORE, on="refund")
    assert code(await market.refund(payment["id"], 600)) == "PROVIDER_TIMEOUT"
    await market.sandbox.refund_in_dashboard(await market.reference(payment["id"]), euros(900))
    await market.deliver()
    assert await market.postings() == ["payment.captured"]
    states = await market.world.rows("SELECT state FROM inbound_events WHERE object_kind = 'refund'")
    assert [row[0] for row in states] == ["waiting"]
    # The janitor asks for ours, the provider refuses it, and then there is room.
    for _ in range(4):
        await market.later(minutes=15)
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 900
    await market.books_are_right()


async def test_a_refund_that_is_refused_frees_what_was_set_aside(market: Market):
    payment = await market.paid(1_000)
    market.sandbox.next(Fate.DECLINED, on="refund")
    for _ in range(2):
        reply = await market.refund(payment["id"], 400, key="refused")
        assert (reply.status_code, code(reply)) == (402, "PAYMENT_DECLINED")
    looked = await market.look(payment["id"])
    assert (looked["refunding"]["amount"], looked["refunded"]["amount"]) == (0, 0)
    assert (await market.refund(payment["id"], 1_000)).status_code == 201
    await market.deliver()
    await market.books_are_right()


async def test_a_refund_after_the_hold_is_gone_takes_what_is_there_and_the_rest_is_owed(market: Market):
    payment, other = await market.paid(10_000), await market.paid(1_030)
    # Another payment's refund comes back: that is available. This payment's own hold was released and paid out.
    await market.refund(other["id"])
    await market.later(days=1, hours=1)
    assert (await market.balances(market.seller))["available"] == 927
    await market.world.rows("UPDATE holds SET remaining = 0, released_at = now() RETURNING id")
    assert (await market.refund(payment["id"], 4_000)).status_code == 201
    seller = await market.balances(market.seller)
    assert seller == {"pending": 9_000, "receivable": 3_600 - 927}
    # What comes back later pays the debt first.
    third = await market.paid(1_030)
    await market.refund(third["id"])
    await market.later(days=1, hours=1)
    assert await market.balances(market.seller) == {"pending": 9_000, "receivable": 3_600 - 927 - 927}
