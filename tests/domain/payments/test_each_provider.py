"""One life of a payment at each provider, through the door: its buyer acts there, its signed news comes here."""

import pytest

from tests.domain.payments.stand import Stand
from tests.domain.payments.stands import PayPalStand
from tests.world import code


async def test_a_buyer_agrees_and_the_signed_news_books_it(stand: Stand):
    payment = await stand.paid(10_000)
    assert (payment["state"], payment["provider"]) == ("requires_action", stand.provider)
    words = {"orderId", "approveUrl"} if stand.provider == "paypal" else {"clientSecret", "customer", "publishableKey"}
    assert words <= set(payment["client"])
    assert (await stand.look(payment["id"], stand.seller))["client"] == {}
    assert await stand.postings() == []
    await stand.approve(payment)
    await stand.deliver()
    assert await stand.postings() == ["payment.captured"]  # nobody has looked: the news did it
    assert await stand.told() == ["payment.succeeded"]
    looked = await stand.look(payment["id"])
    assert (looked["state"], looked["captured"]["amount"], looked["client"]) == ("captured", 10_000, {})
    assert await stand.balances(stand.seller) == {"pending": 9_000}
    assert await stand.balances() == {f"clearing.{stand.provider}": 10_000, "fees": 1_000}
    assert await stand.taken() == [10_000]
    assert set(await stand.inbox()) == {"done"}
    await stand.books_are_right()


async def test_a_buyer_who_returns_before_the_news_sees_it_paid(stand: Stand):
    payment = await stand.paid(10_000)
    await stand.approve(payment)
    await stand.wait(seconds=3)
    assert (await stand.look(payment["id"]))["state"] == "captured"
    assert await stand.postings() == ["payment.captured"]
    await stand.deliver()
    assert await stand.postings() == ["payment.captured"]
    assert await stand.told() == ["payment.succeeded"]
    assert await stand.taken() == [10_000]
    await stand.books_are_right()


async def test_news_that_never_came_is_found_by_the_sweeper(stand: Stand):
    payment = await stand.bought(10_000)
    await stand.give_back(payment, 500)
    await stand.hear()  # lost on the way
    await stand.wait(minutes=16)
    await stand.sweep()
    assert (await stand.look(payment["id"]))["refunded"]["amount"] == 500
    sources = await stand.world.rows("SELECT DISTINCT source FROM inbound_events ORDER BY source")
    assert [row[0] for row in sources] == ["push", "sweep"]
    await stand.books_are_right()


async def test_an_authorized_payment_is_taken_in_part_once(stand: Stand):
    payment = await stand.bought(10_000, captureMethod="manual")
    assert (payment["state"], payment["captured"]["amount"]) == ("authorized", 0)
    assert await stand.postings() == []
    assert code(await stand.act("capture", payment["id"], {"amount": 10_001})) == "VALIDATION_ERROR"
    reply = await stand.act("capture", payment["id"], {"amount": 3_333})
    assert (reply.status_code, reply.json()["captured"]["amount"]) == (200, 3_333)
    assert (await stand.act("capture", payment["id"], {"amount": 3_333})).status_code == 200
    assert code(await stand.act("capture", payment["id"], {"amount": 4_000})) == "INVALID_STATE"
    await stand.deliver()
    assert await stand.taken() == [3_333]
    assert await stand.balances() == {f"clearing.{stand.provider}": 3_333, "fees": 333}
    assert await stand.balances(stand.seller) == {"pending": 3_000}
    assert await stand.postings() == ["payment.captured"]
    assert await stand.told() == ["payment.authorized", "payment.succeeded"]
    await stand.books_are_right()


@pytest.mark.parametrize("when", ["before the buyer agreed", "after"])
async def test_a_payment_that_was_given_up_moves_no_money(stand: Stand, when: str):
    payment = await stand.paid(10_000, captureMethod="manual")
    if when == "after":
        await stand.approve(payment)
        await stand.deliver()
    reply = await stand.act("cancel", payment["id"], phone=stand.buyer)
    assert (reply.status_code, reply.json()["state"]) == (200, "canceled")
    await stand.deliver()
    assert code(await stand.act("capture", payment["id"])) == "INVALID_STATE"
    assert (await stand.look(payment["id"]))["state"] == "canceled"
    assert (await stand.taken(), await stand.postings()) == ([], [])
    assert (await stand.told())[-1] == "payment.canceled"
    await stand.books_are_right()


async def test_a_captured_payment_cannot_be_given_up(stand: Stand):
    payment = await stand.bought()
    assert code(await stand.act("cancel", payment["id"])) == "INVALID_STATE"
    assert (await stand.look(payment["id"]))["state"] == "captured"


async def test_a_declined_buyer_sees_why_and_pays_at_the_next_try(stand: Stand):
    payment = await stand.paid(10_000)
    await stand.decline(payment)
    await stand.deliver()
    looked = await stand.look(payment["id"])
    why = {"sandbox": "authentication_failed", "stripe": "insufficient_funds", "paypal": "INSTRUMENT_DECLINED"}
    assert (looked["state"], looked["declineCode"]) == ("requires_action", why[stand.provider])
    assert looked["client"]
    assert await stand.postings() == []
    await stand.wait(seconds=20)  # the buyer looks for another card
    await stand.approve(payment)
    await stand.deliver()
    looked = await stand.look(payment["id"])
    assert (looked["state"], looked["declineCode"]) == ("captured", None)
    assert (await stand.taken(), set(await stand.inbox())) == ([10_000], {"done"})
    await stand.books_are_right()


async def test_a_buyer_who_pays_at_once_after_a_refusal_need_not_come_back(stand: Stand):
    payment = await stand.paid(10_000)
    await stand.decline(payment)
    await stand.deliver()
    await stand.approve(payment)
    await stand.deliver()
    await stand.wait(seconds=20)
    await stand.tidy()
    await stand.deliver()
    assert await stand.taken() == [10_000]
    await stand.books_are_right()


async def test_refunds_come_in_parts_and_share_one_cap_with_the_dashboard(stand: Stand):
    payment = await stand.bought(10_000)
    first = await stand.refund(payment["id"], 4_000)
    assert (first.status_code, first.json()["state"]) == (201, "succeeded")
    await stand.give_back(payment, 2_500)
    await stand.deliver()
    assert (await stand.look(payment["id"]))["refunded"]["amount"] == 6_500
    reply = await stand.refund(payment["id"], 3_501)
    assert (code(reply), reply.json()["error"]["details"]["left"]) == ("CONFLICT", 3_500)
    assert (await stand.refund(payment["id"])).json()["money"]["amount"] == 3_500
    assert code(await stand.refund(payment["id"])) == "CONFLICT"
    await stand.deliver()
    assert sorted(await stand.given()) == [2_500, 3_500, 4_000]
    assert await stand.postings() == ["payment.captured", *["refund.made"] * 3]
    assert (await stand.balances(), await stand.balances(stand.seller)) == ({}, {})
    await stand.books_are_right()


async def test_equal_refunds_are_no_duplicates_and_the_same_key_is(stand: Stand):
    payment = await stand.bought(10_000)
    made = [(await stand.refund(payment["id"], 100, key=key)).json()["id"] for key in ("one", "one", "two")]
    assert made[0] == made[1] != made[2]
    await stand.give_back(payment, 100)
    await stand.deliver()
    assert await stand.given() == [100, 100, 100]
    assert (await stand.look(payment["id"]))["refunded"]["amount"] == 300
    await stand.books_are_right()


@pytest.mark.parametrize("is_won", [True, False])
async def test_a_dispute_is_decided_by_the_bank(stand: Stand, is_won: bool):
    payment = await stand.bought(10_000)
    dispute = await stand.dispute(payment)
    await stand.deliver()
    path = f"/payments/{payment['id']}/disputes"

    async def shown() -> list[tuple[str, str, int]]:
        found = (await stand.buyer.call("GET", path)).json()["items"]
        return [(one["state"], one["moneyIs"], one["money"]["amount"]) for one in found]

    assert await shown() == [("needs_response", "withdrawn", 10_000)]
    assert await stand.balances() == {"dispute_suspense": 10_000, "fees": 1_000}
    assert await stand.balances(stand.seller) == {"disputed": 9_000}
    assert code(await stand.refund(payment["id"], 1)) == "INVALID_STATE"
    await stand.books_are_right()
    await stand.decide(dispute, is_won=is_won)
    await stand.deliver()
    if is_won:
        assert await shown() == [("won", "reinstated", 10_000)]
        assert await stand.balances() == {f"clearing.{stand.provider}": 10_000, "fees": 1_000}
        assert await stand.balances(stand.seller) == {"available": 9_000}
    else:
        assert await shown() == [("lost", "lost", 10_000)]
        assert await stand.balances() == {"dispute_loss": 1_000, "fees": 1_000}
        assert await stand.balances(stand.seller) == {}
    told = await stand.told()
    assert (told.count("dispute.opened"), told.count("dispute.closed")) == (1, 1)
    await stand.books_are_right()


@pytest.mark.parametrize("stand", ["paypal"], indirect=True)
@pytest.mark.parametrize("is_good", [True, False])
async def test_a_pending_capture_at_paypal_is_no_money_yet(stand: PayPalStand, is_good: bool):
    stand.wire.capture_status = "PENDING"
    payment = await stand.bought()
    assert payment["state"] == "processing"
    assert (await stand.postings(), await stand.told()) == ([], [])
    assert code(await stand.act("cancel", payment["id"])) == "INVALID_STATE"
    stand.wire.settle((await stand.capture_of(payment))["id"], is_good=is_good)
    await stand.deliver()
    assert (await stand.look(payment["id"]))["state"] == ("captured" if is_good else "failed")
    assert await stand.postings() == (["payment.captured"] if is_good else [])
    assert await stand.told() == ["payment.succeeded" if is_good else "payment.failed"]
    await stand.books_are_right()
