"""Random lives of sellers: whatever is bought, given back, disputed and released, every cent of it is explained."""

import random
from collections.abc import Awaitable, Callable

import pytest

from cleanly.platform.providers.errors import Refused
from tests.domain.payouts.stall import Stall

ACTS = 22


class Life:
    """One life; the seed is all there is of chance."""

    def __init__(self, stalls: list[Stall], seed: int) -> None:
        self.stalls = stalls
        self.chance = random.Random(seed)
        self.payments: dict[int, list[str]] = {number: [] for number in range(len(stalls))}
        self.disputes: list[str] = []

    def some(self) -> tuple[Stall, list[str]]:
        number = self.chance.randrange(len(self.stalls))
        return self.stalls[number], self.payments[number]

    async def sell(self) -> None:
        stall, sold = self.some()
        sold.append((await stall.market.paid(self.chance.randrange(1, 90) * 100))["id"])

    async def refund(self) -> None:
        stall, sold = self.some()
        if sold:
            await stall.market.refund(self.chance.choice(sold), self.chance.randrange(1, 3_000))

    async def dispute(self) -> None:
        stall, sold = self.some()
        sandbox = stall.market.sandbox
        try:
            if self.disputes and self.chance.random() < 0.5:
                await sandbox.close_dispute(self.disputes.pop(), is_won=self.chance.random() < 0.5)
            elif sold:
                reference = await stall.market.reference(self.chance.choice(sold))
                self.disputes.append((await sandbox.dispute(reference)).reference)
        except Refused:
            return  # nobody could do that just now
        await stall.market.deliver()

    async def spend(self) -> None:
        stall, _ = self.some()
        available = (await stall.balance()).get("available", 0)
        if available:
            await stall.spend(self.chance.randrange(1, available + 1))

    async def terms(self) -> None:
        stall, _ = self.some()
        await stall.agree(
            holdDays=self.chance.randrange(10), reserveBasisPoints=self.chance.choice([0, 500, 3_333, 10_000])
        )

    async def rest(self) -> None:
        stall, _ = self.some()
        await self.wait(days=self.chance.choice([1, 4, 9, 40]))
        await stall.learn()
        await stall.release()

    async def wait(self, **units: float) -> None:
        self.stalls[0].world.clock.move(**units)
        for stall in self.stalls:
            await stall.wait(seconds=0)

    async def unfold(self) -> None:
        acts: list[Callable[[], Awaitable[None]]] = [
            *(self.sell,) * 4,
            *(self.refund,) * 3,
            *(self.rest,) * 3,
            self.dispute,
            self.dispute,
            self.spend,
            self.spend,
            self.terms,
        ]
        for _ in range(ACTS):
            await self.chance.choice(acts)()
            await self.stalls[0].is_right()


@pytest.mark.parametrize("seed", [3, 8, 104, 117])
async def test_whatever_happens_balances_are_explained_and_nobody_has_while_owing(stall: Stall, seed: int):
    stalls = [stall, await stall.beside()]
    life = Life(stalls, seed)
    await life.unfold()
    await life.wait(days=200)
    for _ in range(2):  # what goes into the reserve rests once more
        await stall.learn()
        await stall.release()
        await life.wait(days=200)
    for one in stalls:
        left = await one.balance()
        assert left.get("held", 0) == left.get("reserve", 0) == 0
        history = await one.transactions()
        had = left.get("available", 0) + left.get("disputed", 0) - left.get("receivable", 0)
        assert sum(item["amount"]["amount"] for item in history) == had
    assert await stall.world.rows("SELECT id FROM holds WHERE released_at IS NULL") == []
    released = await stall.world.rows("SELECT reference FROM ledger_transactions WHERE reference LIKE 'hold:%'")
    assert len(released) == len({row[0] for row in released})
    assert "hold.released" in await stall.market.postings()
