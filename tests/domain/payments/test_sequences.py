"""Anything in any order, with deaths in between: the ledger is balanced and says what the provider says."""

import random
from typing import Any

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.guarded import Breaker, Guarded, Limits
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.market import Market, new_key
from tests.domain.payments.test_crashes import Steps

ACTS = 30
FATES = (0, 0, 0, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 20, 21, 22, 30, 31)
CALL_FATES = (Fate.PLAIN, Fate.PLAIN, Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER, Fate.BUSY)


class Story:
    """One random life of a market; the seed is all there is of chance."""

    def __init__(self, market: Market, steps: Steps, seed: int) -> None:
        self.market = market
        self.steps = steps
        self.chance = random.Random(seed)
        self.disputes: list[str] = []
        guarded = market.world.context.part(Providers).get("sandbox")
        assert isinstance(guarded, Guarded)
        # The breaker must see the story's time, or it stays open to the end.
        guarded.breaker = Breaker("sandbox", limits=Limits(), monotonic=lambda: market.world.clock.now().timestamp())

    async def payments(self, *states: str) -> list[Any]:
        return await self.market.world.rows(
            "SELECT CAST(id AS text), provider_payment_id, amount FROM payments WHERE state = ANY(:states) ORDER BY id",
            states=list(states),
        )

    async def called(self, call: Any) -> None:
        """Perhaps the process dies in it."""
        if self.chance.random() < 0.3:
            await self.steps.die_at(self.chance.randrange(25), call)
        else:
            await call

    async def pay(self) -> None:
        price = await self.market.price(self.chance.randrange(1, 60) * 100 + self.chance.choice(FATES))
        method = self.chance.choice(["automatic", "automatic", "manual"])
        await self.called(self.market.pay(priceId=price, captureMethod=method))

    async def capture(self) -> None:
        for found in await self.payments("authorized"):
            self.market.sandbox.next(self.chance.choice(CALL_FATES), on="capture_payment")
            amount = self.chance.choice([found.amount, self.chance.randrange(1, found.amount + 1)])
            await self.called(self.market.act("capture", found.id, {"amount": amount}, key=new_key()))

    async def cancel(self) -> None:
        for found in (await self.payments("authorized", "requires_action"))[:1]:
            await self.called(self.market.act("cancel", found.id))

    async def refund(self) -> None:
        found = await self.payments("captured")
        for one in self.chance.sample(found, min(2, len(found))):
            self.market.sandbox.next(self.chance.choice(CALL_FATES), on="refund")
            await self.called(self.market.refund(one.id, self.chance.randrange(1, one.amount + 1)))

    async def play(self) -> None:
        """The buyer, the dashboard, the bank."""
        found = [one for one in await self.payments("captured", "requires_action") if one.provider_payment_id]
        if not found:
            return
        one = self.chance.choice(found)
        sandbox, place = self.market.sandbox, one.provider_payment_id
        try:
            match self.chance.choice(["confirm", "refund", "dispute", "close"]):
                case "confirm":
                    await sandbox.confirm(place)
                case "refund":
                    await sandbox.refund_in_dashboard(place, Money(self.chance.randrange(1, one.amount + 1), "EUR"))
                case "dispute":
                    self.disputes.append((await sandbox.dispute(place)).reference)
                case _ if self.disputes:
                    await sandbox.close_dispute(self.disputes.pop(), is_won=self.chance.random() < 0.5)
        except Refused:
            return  # nobody could do that just now

    async def hear(self) -> None:
        await self.market.sandbox.pump()
        if self.chance.random() < 0.7:
            await self.market.world.work()

    async def wait(self) -> None:
        await self.market.wait(minutes=self.chance.choice([1, 7, 90, 60 * 26]))
        await self.market.tidy()

    async def unfold(self) -> None:
        acts = [self.pay, self.pay, self.capture, self.cancel, self.refund, self.play, self.play, self.hear, self.wait]
        for _ in range(ACTS):
            await self.chance.choice(acts)()

    async def end(self) -> None:
        """Time passes, news comes, the sweeper and the janitor do their work."""
        for _ in range(6):
            await self.market.wait(hours=25)
            await self.market.sweep()
            await self.market.tidy()
            await self.market.deliver()


@pytest.mark.parametrize("seed", [1, 4, 6, 12])
async def test_whatever_happens_the_books_say_what_the_provider_says(
    market: Market, monkeypatch: pytest.MonkeyPatch, seed: int
):
    story = Story(market, Steps(market, monkeypatch), seed)
    await story.unfold()
    await story.end()
    await market.books_are_right()
    world = market.world
    # The sandbox is busy again for a call that it has forgotten: in doubt is at most what it has nothing of.
    for (doubtful,) in await world.rows("SELECT id FROM payments WHERE state IN ('created', 'unknown')"):
        assert await market.sandbox.find_payment(doubtful) is None
    assert await world.rows("SELECT state FROM refunds WHERE state IN ('created', 'unknown')") == []
    assert (await world.rows("SELECT sum(refunding_amount)::bigint FROM payments"))[0][0] in {0, None}
    assert await market.world.rows("SELECT alarm FROM payments WHERE alarm = 'payment_mismatch'") == []
    assert len(await market.postings()) > 3
