"""News in any order and any number: one state, one ledger. Told through the door."""

import asyncio
import random
from uuid import UUID

import httpx2
import pytest

from cleanly.domain.subscriptions import flows
from cleanly.domain.subscriptions.messages import JANITOR
from cleanly.kernel.messages import Tick
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.sandbox import signing
from cleanly.platform.providers.sandbox.settings import DEVELOPMENT_SECRET
from tests.domain.subscriptions.kiosk import Kiosk


async def _end_of(kiosk: Kiosk, seed: int) -> tuple[object, ...]:
    """A life whose every event comes twice, in an order of its own, at the end or while it happens."""
    chance = random.Random(seed)
    made = await kiosk.subscribed(950)
    for days in (30, 3, 28, 31):
        await kiosk.wait(days=days)
        await kiosk.sandbox.billing.get_subscription(await kiosk.reference(made["id"]))  # what is due happens there
        if chance.random() < 0.5:
            await _push_all(kiosk, chance)
    await _push_all(kiosk, chance)
    found = await kiosk.look(made["id"])
    periods = [(one["periodStart"], one["amount"]["amount"]) for one in await kiosk.periods(made["id"])]
    entitled = [one["endsAt"] for one in await kiosk.entitled()]
    await kiosk.books_are_right()
    return found["state"], found["paidUntil"], found["graceUntil"], tuple(periods), tuple(entitled)


async def _push_all(kiosk: Kiosk, chance: random.Random) -> None:
    bodies = [bytes(row[0]) for row in await kiosk.world.rows("SELECT body FROM sandbox_events ORDER BY number")] * 2
    chance.shuffle(bodies)
    for body in bodies:
        await _push(kiosk, body)
    await kiosk.world.work()


async def _push(kiosk: Kiosk, body: bytes) -> None:
    headers = {signing.HEADER: signing.sign(DEVELOPMENT_SECRET, body, now=kiosk.world.clock.now())}
    reply = await kiosk.world.client.post("/api/v1/webhooks/sandbox", content=body, headers=headers)
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("seed", range(3))
async def test_every_order_of_a_life_s_events_ends_alike(kiosk: Kiosk, seed: int):
    state, paid_until, grace_until, periods, entitled = await _end_of(kiosk, seed)
    assert (state, paid_until, grace_until) == ("active", "2027-03-22T12:00:00.000Z", None)
    assert periods == tuple(
        (f"{month}-22T12:00:00.000Z", 950) for month in ("2026-11", "2026-12", "2027-01", "2027-02")
    )
    assert entitled == ("2027-03-29T12:00:00.000Z",)
    told = await kiosk.told()
    assert told.count("started") == 1
    # A look at the end may show several periods at once: said once per look, never twice for one period.
    assert 1 <= told.count("renewed") <= 3


async def test_repeated_news_without_a_change_says_nothing(kiosk: Kiosk):
    await kiosk.subscribed(900)
    await _push_all(kiosk, random.Random(1))
    told = await kiosk.told()
    for seed in range(3):
        await _push_all(kiosk, random.Random(seed))
    assert await kiosk.told() == told == ["started"]
    assert await kiosk.world.rows("SELECT count(*) FROM ledger_transactions") == [(1,)]


async def test_news_looks_and_wishes_at_the_same_instant_never_wait_for_each_other_in_a_ring(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(flows, "REFRESH_ATTEMPTS_MAX", 100)  # nobody gives up because others were faster
    made = await kiosk.subscribed(900)
    await kiosk.wait(days=31)
    await kiosk.sandbox.billing.get_subscription(await kiosk.reference(made["id"]))  # it is renewed there
    async with kiosk.world.context.db.begin() as session:
        await jobs.enqueue(session, JANITOR, Tick(due_at=kiosk.world.clock.now().isoformat()))
    bodies = [bytes(row[0]) for row in await kiosk.world.rows("SELECT body FROM sandbox_events ORDER BY number")]
    for body in bodies:
        await _push(kiosk, body)
    replies = await asyncio.gather(
        *(kiosk.ask(what, made["id"]) for what in ("cancel", "resume", "pause", "cancel")),
        *(kiosk.reader.call("GET", f"/subscriptions/{made['id']}") for _ in range(4)),
        *(flows.refresh(kiosk.world.context, UUID(made["id"])) for _ in range(3)),
        kiosk.world.work(),
        return_exceptions=True,
    )
    # A ring would be a fault of the database; who meets another's wish on its way is told so, and whoever asks the very
    # same while the provider is at it is to ask again.
    assert [one for one in replies if isinstance(one, BaseException)] == []
    assert {reply.status_code for reply in replies if isinstance(reply, httpx2.Response)} <= {200, 409, 504}
    await kiosk.later(minutes=2)
    found = await kiosk.look(made["id"])
    assert found["paidUntil"] == "2027-01-22T12:00:00.000Z"
    assert len(await kiosk.periods(made["id"])) == 2
    assert (await kiosk.told()).count("renewed") == 1
    await kiosk.books_are_right()


async def test_news_of_somebody_else_s_subscription_is_left_alone(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    reference = await kiosk.reference(made["id"])
    await kiosk.world.rows(
        "UPDATE sandbox_events SET body = convert_to(replace(convert_from(body, 'UTF8'), :ref, 'sub_999999'), 'UTF8')"
        " RETURNING number",
        ref=reference,
    )
    await kiosk.world.rows(
        "UPDATE sandbox_events SET body = convert_to(replace(convert_from(body, 'UTF8'), :id, :other), 'UTF8')"
        " RETURNING number",
        id=made["id"],
        other="01a2038c-e4a8-7347-8350-90f38f89e522",
    )
    await _push_all(kiosk, random.Random(1))
    states = {row[0] for row in await kiosk.world.rows("SELECT state FROM inbound_events")}
    assert states == {"waiting"}  # it names an id as ours whose row is not to be seen: it may yet come
    assert (await kiosk.look(made["id"]))["state"] == "active"
