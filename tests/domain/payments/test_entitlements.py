"""What a purchase lets its buyer use, and what ends that: at each provider."""

from tests.domain.catalog.shelf import euros, monthly, put_on_shelf
from tests.domain.payments.stand import Stand


async def _digital(stand: Stand) -> None:
    stand.product = await put_on_shelf(stand.seller, name="A map", kind="digital")


async def _entitled(stand: Stand) -> list[tuple[str, str | None]]:
    reply = await stand.buyer.call("GET", "/entitlements")
    assert reply.status_code == 200, reply.text
    return [(item["paymentId"], item["endsAt"]) for item in reply.json()["items"]]


async def test_something_digital_may_be_used_once_it_is_paid_until_all_was_given_back(stand: Stand):
    await _digital(stand)
    payment = await stand.paid(1_000)
    assert await _entitled(stand) == []
    await stand.approve(payment)
    await stand.deliver()
    assert await _entitled(stand) == [(payment["id"], None)]
    await stand.refund(payment["id"], 400)
    await stand.deliver()
    assert await _entitled(stand) == [(payment["id"], None)]
    await stand.give_back(payment, 600)
    await stand.deliver()
    assert await _entitled(stand) == []
    await stand.books_are_right()


async def test_a_dispute_that_is_lost_ends_it_and_an_open_one_does_not(stand: Stand):
    await _digital(stand)
    for is_won in (True, False):
        payment = await stand.bought(1_000)
        dispute = await stand.dispute(payment)
        await stand.deliver()
        assert (payment["id"], None) in await _entitled(stand)
        await stand.decide(dispute, is_won=is_won)
        await stand.deliver()
        assert ((payment["id"], None) in await _entitled(stand)) is is_won
    await stand.books_are_right()


async def test_what_is_for_a_time_ends_by_the_clock_and_what_is_no_digital_thing_grants_nothing(market):
    await market.paid(1_000)  # a pot of honey
    product = await put_on_shelf(market.seller, name="A pass", kind="digital", price=euros(500, accessDays=7))
    payment = await market.paid(500, priceId=product["prices"][0]["id"], quantity=3)
    reply = await market.buyer.call("GET", "/entitlements")
    [item] = reply.json()["items"]
    assert (item["paymentId"], item["endsAt"]) == (payment["id"], "2026-12-13T12:00:00.000Z")
    await market.wait(days=21)
    assert (await market.buyer.call("GET", "/entitlements")).json()["items"] == []


async def test_how_long_it_may_be_used_belongs_to_something_digital_that_is_bought_once(market):
    for kind, price in (("physical", euros(500, accessDays=7)), ("digital", monthly(500, accessDays=7))):
        body = {"name": "A pass", "kind": kind, "price": price}
        reply = await market.seller.call("POST", "/products", body, Idempotency_Key=f"access-days-{kind}")
        assert reply.status_code == 422, reply.text
        assert "accessDays" in reply.text
