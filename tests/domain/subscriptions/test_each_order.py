"""Each provider's news in every order, each twice: one state, one ledger. Told through the door."""

import itertools
import random

import pytest

from tests.domain.subscriptions.kiosks import Booth, VendorBooth

EVENTS = 3  # made, paid, and moved by that


async def test_every_order_of_a_beginning_s_news_ends_alike(booth: Booth):
    """One reader per permutation; each hears every event twice."""
    assert isinstance(booth, VendorBooth)
    price, permutations = await booth.price(900), list(itertools.permutations(range(EVENTS)))
    made = {}
    for _ in permutations:
        phone = await booth.world.register()
        reply = await booth.subscribe(price, phone=phone)
        assert reply.status_code == 201, reply.text
        made[reply.json()["id"]] = phone
    for subscription_id in made:
        await booth.agree(subscription_id)
    told = booth.wire.pushed[booth.heard :]
    for subscription_id, order in zip(made, permutations, strict=True):
        reference = await booth.reference(subscription_id)
        own = [one for one in told if f'"{reference}"'.encode() in one.body]
        assert len(own) == EVENTS
        await booth.push([own[place] for place in order])
        await booth.world.work()
        await booth.push(own[::-1])
    await booth.deliver()
    rows = await booth.world.rows("SELECT state, paid_until, grace_until, alarm FROM subscriptions")
    assert {(row.state, row.paid_until.isoformat(), row.grace_until, row.alarm) for row in rows} == {
        ("active", "2026-12-22T12:00:00+00:00", None, None)
    }
    assert await booth.told() == ["started"] * len(permutations)
    await booth.books_are_right()


@pytest.mark.parametrize("seed", range(2))
async def test_every_order_of_a_life_s_news_ends_alike(booth: Booth, seed: int):
    """It fails once, recovers, is renewed, and ends: some of it is heard at once, all of it twice at the end."""
    assert isinstance(booth, VendorBooth)
    chance = random.Random(seed)
    made = await booth.subscribed(950)
    for days in (30, 5, 27, 31):
        await booth.wait(days=days)
        booth.wire.advance()
        if chance.random() < 0.5:
            await _push_all(booth, chance)
    await booth.end_there(made["id"])
    await booth.wait(days=31)
    booth.wire.advance()
    await _push_all(booth, chance)
    found = await booth.look(made["id"])
    assert (found["state"], found["paidUntil"]) == ("canceled", "2027-03-22T12:00:00.000Z")
    periods = [(one["periodStart"][:10], one["amount"]["amount"]) for one in await booth.periods(made["id"])]
    assert periods == [(f"{month}-22", 950) for month in ("2026-11", "2026-12", "2027-01", "2027-02")]
    assert await booth.entitled() == []
    told = await booth.told()
    assert (told.count("started"), told.count("ended")) == (1, 1)
    await booth.books_are_right()


async def _push_all(booth: VendorBooth, chance: random.Random) -> None:
    news = list(booth.wire.pushed) * 2
    chance.shuffle(news)
    await booth.push(news)
    await booth.world.work()
