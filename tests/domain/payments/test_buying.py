"""A purchase from its price to the seller's balance: who may do what, and what is refused."""

import asyncio
from typing import Any

import pytest

from cleanly.platform.providers.sandbox.adapter import Sandbox
from tests.domain.catalog.shelf import admin, monthly, publish, put_on_shelf
from tests.domain.payments.market import Market, new_key
from tests.world import World, code


async def test_a_payment_takes_the_prices_amount_and_splits_it(market: Market):
    payment = await market.paid(10_000)
    assert payment["state"] == "captured"
    assert payment["total"] == {"amount": 10_000, "currency": "EUR"} == payment["captured"]
    assert payment["sellerId"] == market.seller.user_id
    assert payment["client"] == {}
    await market.deliver()
    assert await market.balances(market.seller) == {"pending": 9_000}
    assert await market.balances() == {"clearing.sandbox": 10_000, "fees": 1_000}
    assert await market.postings() == ["payment.captured"]
    assert await market.told() == ["payment.succeeded"]
    await market.books_are_right()


async def test_the_platforms_own_sale_is_its_income(market: Market):
    boss = await admin(market.world)
    product = await put_on_shelf(boss, platform=True)
    price = await publish(boss, product, {"unitAmount": {"amount": 1_200, "currency": "EUR"}})
    payment = await market.paid(priceId=price["id"], quantity=2)
    assert payment["sellerId"] is None
    assert await market.balances() == {"clearing.sandbox": 2_400, "sales": 2_400}
    assert (await market.refund(payment["id"], 400)).status_code == 404
    assert (await market.refund(payment["id"], 400, phone=boss)).status_code == 201
    assert await market.balances() == {"clearing.sandbox": 2_000, "sales": 2_000}
    await market.books_are_right()


async def test_the_client_cannot_name_an_amount(market: Market):
    body = {"priceId": await market.price(1_000), "provider": "sandbox"}
    for extra in ({"amount": 1}, {"total": {"amount": 1, "currency": "EUR"}}, {"fee": 0}):
        reply = await market.buyer.call("POST", "/payments", body | extra, Idempotency_Key=new_key())
        assert code(reply) == "VALIDATION_ERROR"


@pytest.mark.parametrize("quantity", [0, 1000, -1, "two", 1.5])
async def test_a_quantity_that_makes_no_sense_is_refused(market: Market, quantity: Any):
    assert code(await market.pay(quantity=quantity)) == "VALIDATION_ERROR"


async def test_what_cannot_be_bought_is_refused_before_a_row_is_written(market: Market):
    price = await market.price(1_000)
    reply = await market.pay(priceId=str(market.seller.user_id))
    assert code(reply) == "NOT_FOUND"
    own = {"priceId": price, "provider": "sandbox"}
    reply = await market.seller.call("POST", "/payments", own, Idempotency_Key=new_key())
    assert (reply.status_code, reply.json()["error"]["details"]["reason"]) == (422, "own_product")
    plan = await publish(market.seller, market.product, monthly())
    reply = await market.pay(priceId=plan["id"])
    assert (reply.status_code, reply.json()["error"]["details"]["reason"]) == (422, "recurring")
    assert code(await market.pay(priceId=price, provider="stripe")) == "UNSUPPORTED_BY_PROVIDER"
    assert code(await market.pay(priceId=price, provider="cash")) == "VALIDATION_ERROR"
    assert await market.world.rows("SELECT id FROM payments") == []
    assert await market.world.rows("SELECT id FROM provider_calls") == []


async def test_money_moves_only_under_a_key(market: Market):
    body = {"priceId": await market.price(1_000), "provider": "sandbox"}
    assert code(await market.buyer.call("POST", "/payments", body)) == "IDEMPOTENCY_KEY_REQUIRED"
    payment = await market.paid()
    for what in ("capture", "cancel", "refunds"):
        reply = await market.seller.call("POST", f"/payments/{payment['id']}/{what}")
        assert code(reply) == "IDEMPOTENCY_KEY_REQUIRED"


async def test_the_same_key_buys_once(market: Market):
    price = await market.price(1_000)
    first = await market.pay(priceId=price, key="buy-1")
    again = await market.pay(priceId=price, key="buy-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert code(await market.pay(priceId=price, key="buy-1", quantity=2)) == "IDEMPOTENCY_KEY_REUSED"
    assert await market.postings() == ["payment.captured"]


async def test_one_key_at_the_same_instant_buys_once(market: Market):
    price = await market.price(1_000)
    replies = await asyncio.gather(*(market.pay(priceId=price, key="buy-1") for _ in range(6)))
    assert {reply.status_code for reply in replies} <= {201, 409}
    assert 201 in {reply.status_code for reply in replies}
    await market.deliver()
    assert await market.postings() == ["payment.captured"]
    await market.books_are_right()


async def test_a_buyer_who_must_confirm_gets_what_the_sdk_needs_and_then_sees_it_captured(market: Market):
    payment = await market.paid(1_003)
    assert payment["state"] == "requires_action"
    assert {"clientSecret", "customer", "ephemeralKey", "publishableKey"} <= set(payment["client"])
    assert (await market.look(payment["id"], market.seller))["client"] == {}
    await market.sandbox.confirm(await market.reference(payment["id"]))
    market.world.clock.move(seconds=3)
    assert (await market.look(payment["id"]))["state"] == "captured"
    await market.deliver()
    assert await market.postings() == ["payment.captured"]
    await market.books_are_right()


async def test_a_declined_buyer_may_try_again(market: Market):
    payment = await market.paid(1_003)
    reference = await market.reference(payment["id"])
    await market.sandbox.decline(reference)
    await market.deliver()
    looked = await market.look(payment["id"])
    assert (looked["state"], looked["declineCode"]) == ("requires_action", "authentication_failed")
    await market.sandbox.confirm(reference)
    await market.deliver()
    looked = await market.look(payment["id"])
    assert (looked["state"], looked["declineCode"]) == ("captured", None)


@pytest.mark.parametrize(("amount", "why"), [(1_001, "generic_decline"), (1_002, "insufficient_funds")])
async def test_a_decline_is_a_402_that_stays(market: Market, amount: int, why: str):
    price = await market.price(amount)
    for _ in range(2):
        reply = await market.pay(priceId=price, key="declined")
        assert (reply.status_code, code(reply)) == (402, "PAYMENT_DECLINED")
        assert reply.json()["error"]["details"]["declineCode"] == why
    await market.deliver()
    listed = (await market.buyer.call("GET", "/payments")).json()["items"]
    assert [(one["state"], one["declineCode"]) for one in listed] == [("failed", why)]
    assert await market.told() == ["payment.failed"]
    assert await market.postings() == []
    await market.books_are_right()


async def test_an_authorized_payment_is_taken_in_part_once(market: Market):
    payment = await market.paid(10_000, captureMethod="manual")
    assert (payment["state"], payment["captured"]["amount"]) == ("authorized", 0)
    assert await market.postings() == []
    assert code(await market.act("capture", payment["id"], {"amount": 10_001})) == "VALIDATION_ERROR"
    assert code(await market.act("capture", payment["id"], {"amount": 0})) == "VALIDATION_ERROR"
    reply = await market.act("capture", payment["id"], {"amount": 3_333})
    assert (reply.status_code, reply.json()["captured"]["amount"]) == (200, 3_333)
    assert (await market.act("capture", payment["id"], {"amount": 3_333})).status_code == 200
    assert code(await market.act("capture", payment["id"], {"amount": 4_000})) == "INVALID_STATE"
    await market.deliver()
    assert await market.balances() == {"clearing.sandbox": 3_333, "fees": 333}
    assert await market.balances(market.seller) == {"pending": 3_000}
    assert await market.postings() == ["payment.captured"]
    assert await market.told() == ["payment.authorized", "payment.succeeded"]
    await market.books_are_right()


async def test_an_authorized_payment_can_be_given_up_and_a_captured_one_cannot(market: Market):
    payment = await market.paid(captureMethod="manual")
    for _ in range(2):
        reply = await market.act("cancel", payment["id"], phone=market.buyer)
        assert (reply.status_code, reply.json()["state"]) == (200, "canceled")
    assert code(await market.act("capture", payment["id"])) == "INVALID_STATE"
    taken = await market.paid()
    assert code(await market.act("cancel", taken["id"])) == "INVALID_STATE"
    await market.deliver()
    assert await market.told() == ["payment.authorized", "payment.canceled", "payment.succeeded"]
    await market.books_are_right()


async def test_only_those_concerned_see_a_payment_and_only_the_seller_moves_its_money(market: Market):
    payment = await market.paid(captureMethod="manual")
    stranger, boss = await market.world.register(), await admin(market.world)
    path = f"/payments/{payment['id']}"
    for sub in ("", "/refunds", "/disputes"):
        assert (await stranger.call("GET", path + sub)).status_code == 404
        assert (await market.world.call("GET", path + sub)).status_code == 401
        for phone in (market.buyer, market.seller, boss):
            assert (await phone.call("GET", path + sub)).status_code == 200
    for what in ("capture", "cancel", "refunds"):
        assert (await market.act(what, payment["id"], phone=stranger)).status_code == 404
    for what in ("capture", "refunds"):
        assert code(await market.act(what, payment["id"], phone=market.buyer)) == "FORBIDDEN"
    assert (await market.act("capture", payment["id"], phone=boss)).status_code == 200


async def test_lists_show_ones_own_newest_first_page_by_page(market: Market):
    price = await market.price(1_000)
    made = [(await market.paid(priceId=price))["id"] for _ in range(3)]
    waiting = (await market.paid(1_003))["id"]
    newest_first = [waiting, *reversed(made)]
    seen, path = [], "/payments?limit=3"
    while path:
        page = (await market.buyer.call("GET", path)).json()
        seen += [one["id"] for one in page["items"]]
        path = f"/payments?limit=3&cursor={page['nextCursor']}" if page["nextCursor"] else ""
    assert seen == newest_first

    async def listed(phone: Any, query: str) -> list[str]:
        return [one["id"] for one in (await phone.call("GET", f"/payments?{query}")).json()["items"]]

    assert await listed(market.seller, "role=seller") == newest_first
    assert await listed(market.seller, "role=buyer") == []
    assert await listed(market.buyer, "role=seller") == []
    assert await listed(market.buyer, "state=requires_action") == [waiting]
    assert await listed(market.buyer, "provider=stripe") == []
    assert await listed(await market.world.register(), "") == []
    assert (await market.buyer.call("GET", "/payments?cursor=forged")).status_code == 400


async def test_a_price_that_went_off_sale_does_not_strand_a_retry(market: Market):
    price = await market.price(1_006)  # times out before it happened
    assert code(await market.pay(priceId=price, key="buy-1")) == "PROVIDER_TIMEOUT"
    assert (await market.seller.call("DELETE", f"/products/{market.product['id']}")).status_code == 204
    assert code(await market.pay(priceId=price)) == "NOT_FOUND"
    assert (await market.pay(priceId=price, key="buy-1")).json()["state"] == "captured"


async def test_a_persons_notes_go_and_the_money_record_stays(world: World, market: Market):
    await market.paid(metadata={"orderId": "A-17"})
    assert (await market.buyer.call("GET", "/payments")).json()["items"][0]["metadata"] == {"orderId": "A-17"}
    assert code(await market.pay(metadata={"": "x"})) == "VALIDATION_ERROR"
    assert code(await market.pay(metadata={str(n): "x" for n in range(21)})) == "VALIDATION_ERROR"
    assert len(await world.rows("SELECT id FROM payments")) == 1


async def test_what_leaves_the_shelf_while_the_provider_is_asked_is_not_sold(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    price, usual = await market.price(1_000), Sandbox.ensure_customer

    async def meanwhile(sandbox: Sandbox, *arguments: Any, **more: Any) -> str:
        reply = await market.seller.call("DELETE", f"/products/{market.product['id']}")
        assert reply.status_code == 204
        return await usual(sandbox, *arguments, **more)

    monkeypatch.setattr(Sandbox, "ensure_customer", meanwhile)
    assert code(await market.pay(priceId=price)) == "NOT_FOUND"
    assert await market.world.rows("SELECT id FROM payments") == []


async def test_who_took_gave_up_or_gave_back_is_on_record_once(market: Market):
    boss = await admin(market.world)
    taken, given_up = [await market.paid(captureMethod="manual") for _ in range(2)]
    for _ in range(2):
        await market.act("capture", taken["id"], {"amount": 700}, phone=boss, key="take")
        await market.act("cancel", given_up["id"], phone=boss, key="give-up")
    refund = (await market.refund(taken["id"], 300)).json()
    found = await market.world.rows(
        "SELECT action, CAST(actor_id AS text), CAST(target_id AS text), details FROM audit_events"
        " WHERE starts_with(action, 'payment.') ORDER BY id"
    )
    assert [tuple(row) for row in found] == [
        ("payment.capture_asked", boss.user_id, taken["id"], {"amount": 700, "currency": "EUR"}),
        ("payment.cancel_asked", boss.user_id, given_up["id"], {}),
        (
            "payment.refund_asked",
            market.seller.user_id,
            taken["id"],
            {"amount": 300, "currency": "EUR", "refund": refund["id"]},
        ),
    ]
