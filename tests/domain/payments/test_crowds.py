"""Everybody at once on one payment, on one seller, and across two sellers: nothing is lost, nobody waits for ever."""

import asyncio
from collections import Counter

from cleanly.domain.ledger import queries as ledger
from tests.domain.catalog.shelf import put_on_shelf
from tests.domain.payments.market import Market
from tests.domain.payments.story import on_the_storys_time
from tests.domain.payments.truth import all_is_told, differences, held

CROWD = 64
# Refusals, and "not now, the same key again": a fault of ours is none of them.
POLITE = {200, 201, 409, 502, 503, 504}


async def settle(market: Market) -> None:
    on_the_storys_time(market)
    for _ in range(3):
        await market.later(minutes=6)


async def test_sixty_four_captures_refunds_and_looks_at_once_on_one_payment(market: Market):
    held, taken = await market.paid(10_000, captureMethod="manual"), await market.paid(1_000)
    market.world.clock.move(seconds=3)
    replies = await asyncio.gather(
        *(market.act("capture", held["id"], {"amount": 6_000 + number % 2}) for number in range(CROWD // 4)),
        *(market.refund(taken["id"], 90) for _ in range(CROWD // 4)),
        *(market.refund(held["id"], 50) for _ in range(CROWD // 4)),
        *(market.buyer.call("GET", f"/payments/{held['id']}") for _ in range(CROWD // 4)),
    )
    assert len(replies) == CROWD
    assert {reply.status_code for reply in replies} <= POLITE
    await settle(market)
    looked = await market.look(held["id"])
    assert looked["captured"]["amount"] in {6_000, 6_001}
    assert looked["refunding"]["amount"] == 0
    given = sum(
        reply.json()["money"]["amount"] for reply in replies[CROWD // 4 : CROWD // 2] if reply.status_code == 201
    )
    refunded = (await market.look(taken["id"]))["refunded"]["amount"]
    assert given <= refunded <= 990
    assert refunded % 90 == 0
    assert Counter(await market.postings())["payment.captured"] == 2
    await all_is_told(market)


async def test_sixty_four_buyers_at_once_of_one_seller(market: Market):
    price = await market.price(1_000)
    replies = await asyncio.gather(*(market.pay(priceId=price) for _ in range(CROWD)))
    assert {reply.status_code for reply in replies} <= POLITE
    await settle(market)
    sold = len(await market.world.rows("SELECT id FROM payments WHERE state = 'captured'"))
    assert sold >= sum(reply.status_code == 201 for reply in replies) > 0
    assert await market.balances(market.seller) == {"pending": 900 * sold}
    await all_is_told(market)


async def test_two_sellers_payments_cross_without_a_deadlock(market: Market):
    """Captures, refunds, disputes and their news, each at once for both, in opposite orders."""
    other_seller = await market.world.register()
    other = Market(market.world, other_seller, market.buyer, await put_on_shelf(other_seller))
    theirs = [[await one.paid(1_000, captureMethod="manual") for _ in range(8)] for one in (market, other)]
    for number, one in enumerate((market, other)):
        for payment in theirs[number][:4]:
            assert (await one.act("capture", payment["id"])).status_code == 200
    for payment in theirs[0][0], theirs[1][0]:
        await market.sandbox.dispute(await market.reference(payment["id"]))
    await market.sandbox.pump()
    crossing = []
    for mine, its in zip(theirs[0], reversed(theirs[1]), strict=True):
        for one, payment in ((market, mine), (other, its)):
            is_held = payment in theirs[0][4:] or payment in theirs[1][4:]
            crossing.append(one.act("capture", payment["id"]) if is_held else one.refund(payment["id"], 100))
    work = (market.world.work(), market.world.work())
    *replies, _, _ = await asyncio.gather(*crossing, *work)
    # A deadlock would be a 503.
    assert Counter(reply.status_code for reply in replies)[200] == 8
    assert {reply.status_code for reply in replies} <= {200, 201, 409, 402}
    await settle(market)
    for seller in market.seller, other_seller:
        # What is left of eight sales of 900 is with the bank or still held: nobody lost a cent to the other.
        balances = await market.balances(seller)
        refunded = await market.world.rows(
            "SELECT coalesce(sum(seller_part), 0)::bigint FROM refunds JOIN payments ON payments.id = payment_id"
            " WHERE seller_id = CAST(:seller AS uuid) AND is_booked",
            seller=seller.user_id,
        )
        assert balances.keys() == {"pending", "disputed"}
        assert balances["pending"] + balances["disputed"] == 8 * 900 - refunded[0][0]
    assert await differences(market) == []
    assert (await market.balances())["clearing.sandbox"] == await held(market)
    async with market.world.context.db.begin() as session:
        assert (await ledger.check_everything(session, seconds_max=30)).is_clean
