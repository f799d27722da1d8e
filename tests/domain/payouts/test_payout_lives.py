"""Random lives of a seller who is paid out, with deaths in between: nobody is paid twice, all is explained."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
import structlog

from cleanly.domain.payouts.sending.messages import JANITOR
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.sandbox.rules import Fate
from cleanly.platform.webhooks.inbound.messages import SWEEP
from tests.conftest import empty
from tests.deaths import Death, Deaths
from tests.domain.payments.story import on_the_storys_time
from tests.domain.payouts.till import LASTING, Till, open_till
from tests.moved_clock import MovedClock
from tests.published import unfitting
from tests.world import running

ACTS = 30
DAYS = 4
FATES = (0, 0, 0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 40, 41, 42, 43, 44)
CALL_FATES = (Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER, Fate.BUSY, Fate.NOT_YET)
OVER = {"paid", "failed", "returned", "canceled"}


@pytest.fixture
async def till(dated: None, clock: MovedClock, database_url: str) -> AsyncGenerator[Till, None]:
    with structlog.testing.capture_logs():
        async with running(database_url, clock, **LASTING) as world:
            made = await open_till(world, stays_signed_in=True)
            on_the_storys_time(made.market)
            yield made
            await made.is_right()
            assert await unfitting(world) == []
    assert empty(database_url) == []


class Life:
    """One life; the seed is all there is of chance."""

    def __init__(self, till: Till, deaths: Deaths, seed: int) -> None:
        self.till = till
        self.deaths = deaths
        self.chance = random.Random(seed)
        self.sold: list[str] = []
        self.disputes: list[str] = []
        self.prices: dict[int, str] = {}

    async def perhaps_dies(self, call: Awaitable[Any]) -> None:
        if self.chance.random() < 0.3:
            await self.deaths.strike(self.chance.choice(list(Death)), self.chance.randrange(30), call)
        else:
            await call

    async def sell(self) -> None:
        amount = self.chance.randrange(30, 90) * 100
        if amount not in self.prices:
            self.prices[amount] = await self.till.market.price(amount)
        self.sold.append((await self.till.market.paid(priceId=self.prices[amount]))["id"])

    async def refund(self) -> None:
        if self.sold:
            await self.till.market.refund(self.chance.choice(self.sold), self.chance.randrange(1, 2_000))

    async def dispute(self) -> None:
        try:
            if self.disputes and self.chance.random() < 0.6:
                await self.till.sandbox.close_dispute(self.disputes.pop(), is_won=self.chance.random() < 0.5)
            elif self.sold:
                reference = await self.till.market.reference(self.chance.choice(self.sold))
                self.disputes.append((await self.till.sandbox.dispute(reference)).reference)
        except Refused:
            return  # nobody could do that just now
        await self.till.work()

    async def ask(self) -> None:
        available = (await self.till.stall.balance()).get("available", 0)
        if available < 200:
            return
        amount = self.chance.randrange(1, available // 100) * 100 + self.chance.choice(FATES)
        reply = await self.till.ask(amount)
        assert reply.status_code in {201, 409}, reply.text

    async def review(self) -> None:
        for row in await self.till.world.rows("SELECT CAST(id AS text) FROM payouts WHERE state = 'held'"):
            verdict = self.chance.choice(["approve", "approve", "approve", "refuse"])
            assert (await self.till.review(verdict, row[0])).status_code == 200

    async def cancel(self) -> None:
        for row in await self.till.world.rows("SELECT CAST(id AS text) FROM payouts ORDER BY id DESC LIMIT 1"):
            assert (await self.till.cancel(row[0])).status_code in {200, 409}

    async def go(self) -> None:
        if self.chance.random() < 0.4:
            operation = self.chance.choice(["send_transfer", "send_payout", "reverse_transfer"])
            self.till.next(self.chance.choice(CALL_FATES), on=operation)
        await self.perhaps_dies(self.till.world.work())

    async def onboard(self) -> None:
        await self.till.sandbox.enable_payouts(await self.till.reference())

    async def wait(self) -> None:
        await self.till.stall.wait(**self.chance.choice([{"minutes": 2}, {"hours": 2}, {"days": 1}, {"days": 6}]))
        await self.till.sandbox.pump()
        await self.perhaps_dies(self.till.tidy())

    async def rest(self) -> None:
        await self.till.stall.rest(days=8)

    async def unfold(self) -> None:
        await self.till.market.sweep()
        acts: list[Callable[[], Awaitable[None]]] = [
            *(self.sell,) * 3,
            *(self.ask,) * 5,
            *(self.review,) * 4,
            *(self.go,) * 5,
            *(self.wait,) * 5,
            *(self.rest,) * 3,
            self.refund,
            self.dispute,
            self.cancel,
            self.onboard,
        ]
        await self.sell()
        await self.rest()
        for _ in range(ACTS):
            await self.chance.choice(acts)()
            await self.till.stall.is_right()

    async def later(self, **units: float) -> None:
        """Time passes, the janitor looks, news comes."""
        await self.till.stall.wait(**units)
        await self.till.market._ask(JANITOR)
        await self.till.work()

    async def end(self) -> None:
        """Time passes, news comes, everybody does their work, until nothing is open."""
        await self.onboard()
        for number in range(40):
            await self.review()
            # The first days one by one; then what is left waits for weeks: for its bank, or for whoever claims it.
            await self.later(**({"hours": 25} if number < DAYS else {"days": 6}))
            await self.till.market._ask(SWEEP)
            for minutes in (11, 2):  # as long as a forgotten key is looked into, and a busy provider left alone
                await self.later(minutes=minutes)
            open_ones = await self.till.world.rows(
                "SELECT id FROM payouts WHERE state NOT IN ('paid', 'failed', 'returned', 'canceled')"
                " OR (state = 'paid' AND ending IS NOT NULL)"
            )
            late = await self.till.world.rows("SELECT id FROM sandbox_plans WHERE action LIKE 'payout%'")
            if not open_ones and not late:
                return
        stuck = await self.till.world.rows("SELECT * FROM payouts WHERE state NOT IN ('paid', 'failed', 'returned')")
        raise AssertionError(f"there is no end to it: {stuck}")


@pytest.mark.parametrize("is_one_step", [False, True])
@pytest.mark.parametrize("seed", list(range(6)))
async def test_whatever_happens_each_payout_leaves_once_or_comes_back_whole(
    till: Till, seed: int, is_one_step: bool, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    till.sandbox.pays_in_one_step = is_one_step
    life = Life(till, Deaths(till.world, database_url, monkeypatch), seed)
    await life.unfold()
    await life.end()
    ours = await till.world.rows("SELECT id, amount, state, alarm FROM payouts ORDER BY id")
    assert [row.alarm for row in ours if row.alarm is not None] == []
    assert {row.state for row in ours} <= OVER
    paid = {row.id: row.amount for row in ours if row.state == "paid"}
    theirs = {one.our_id: one.amount for one in await till.theirs() if (one.kind, one.state) == ("payout", "paid")}
    assert theirs == paid
    # What ever left us and did not come back is what has arrived, by the sandbox's own books.
    assert await till.left() == sum(paid.values())
    left = await till.stall.balance()
    assert "inTransit" not in left
    history = await till.stall.transactions()
    had = sum(left.get(name, 0) for name in ("available", "pending")) - left.get("receivable", 0)
    assert sum(item["amount"]["amount"] for item in history) == had
