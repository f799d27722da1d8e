"""One random life of a market: payments, captures, refunds, disputes, news, time, and deaths in between."""

from collections.abc import Awaitable
from random import Random
from typing import Any

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.guarded import Guarded
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.sandbox.rules import Fate
from tests.deaths import Death, Deaths
from tests.domain.payments.market import Market, new_key

FATES = (0, 0, 0, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 20, 21, 22, 30, 31)
CALL_FATES = (Fate.PLAIN, Fate.PLAIN, Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER, Fate.BUSY)
DEATHS = tuple(Death)
STEPS_MAX = 30
ROUNDS = 8
PRICES_MAX = 20


def on_the_storys_time(market: Market) -> None:
    """The breaker must see the time that the test moves, or once open it stays so to the end."""
    guarded = market.world.context.part(Providers).get("sandbox")
    assert isinstance(guarded, Guarded)
    guarded.breaker._monotonic = lambda: market.world.clock.now().timestamp()


class Story:
    """All there is of chance is `chance`."""

    def __init__(self, market: Market, deaths: Deaths, chance: Random) -> None:
        self.market = market
        self.deaths = deaths
        self.chance = chance
        self.disputes: list[str] = []
        self.prices: list[str] = []
        on_the_storys_time(market)

    async def payments(self, *states: str) -> list[Any]:
        return await self.market.world.rows(
            "SELECT CAST(id AS text), provider_payment_id, amount FROM payments WHERE state = ANY(:states) ORDER BY id",
            states=list(states),
        )

    async def perhaps_dies(self, call: Awaitable[Any]) -> None:
        """Three of ten do."""
        if self.chance.randrange(10) < 3:
            await self.deaths.strike(self.chance.choice(DEATHS), self.chance.randrange(STEPS_MAX), call)
        else:
            await call

    async def price(self) -> str:
        """A new one, or one of those on offer when there may be no more."""
        if len(self.prices) == PRICES_MAX:
            return self.chance.choice(self.prices)
        amount = self.chance.randrange(1, 60) * 100 + self.chance.choice(FATES)
        self.prices.append(await self.market.price(amount))
        return self.prices[-1]

    async def pay(self) -> None:
        price = await self.price()
        method = self.chance.choice(["automatic", "automatic", "manual"])
        await self.perhaps_dies(self.market.pay(priceId=price, captureMethod=method))

    async def capture(self) -> None:
        for found in await self.payments("authorized"):
            self.market.sandbox.next(self.chance.choice(CALL_FATES), on="capture_payment")
            amount = self.chance.choice([found.amount, self.chance.randrange(1, found.amount + 1)])
            await self.perhaps_dies(self.market.act("capture", found.id, {"amount": amount}, key=new_key()))

    async def cancel(self) -> None:
        for found in (await self.payments("authorized", "requires_action"))[:1]:
            await self.perhaps_dies(self.market.act("cancel", found.id))

    async def refund(self) -> None:
        found = await self.payments("captured")
        for one in self.chance.sample(found, min(2, len(found))):
            self.market.sandbox.next(self.chance.choice(CALL_FATES), on="refund")
            await self.perhaps_dies(self.market.refund(one.id, self.chance.randrange(1, one.amount + 1)))

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
                    await sandbox.close_dispute(self.disputes.pop(), is_won=self.chance.choice([True, False]))
        except Refused:
            return  # nobody could do that just now

    async def look(self) -> None:
        """The buyer returns."""
        for one in (await self.payments("requires_action", "processing", "authorized", "unknown"))[:2]:
            await self.perhaps_dies(self.market.buyer.call("GET", f"/payments/{one.id}"))

    async def hear(self) -> None:
        await self.market.sandbox.pump()
        if self.chance.randrange(10) < 7:
            await self.perhaps_dies(self.market.world.work())

    async def wait(self) -> None:
        await self.market.wait(minutes=self.chance.choice([1, 7, 90, 60 * 26]))
        await self.perhaps_dies(self.market.tidy())

    async def unfold(self, acts: int) -> None:
        # A service sweeps from its first quarter of an hour on, so that no news is older than what it asks for.
        await self.market.sweep()
        await self.pay()
        able = [self.pay, self.pay, self.capture, self.cancel, self.refund, self.play, self.play, self.look]
        able += [self.hear, self.wait]
        for _ in range(acts):
            await self.chance.choice(able)()

    async def end(self) -> None:
        """Time passes, news comes, the sweeper and the janitor do their work."""
        for _ in range(ROUNDS):
            await self.market.wait(hours=25)
            await self.market.sweep()
            await self.market.tidy()
            # The janitor runs every minute: a call that was put off is made again while its key is remembered.
            await self.market.wait(minutes=2)
            await self.market.tidy()
            await self.market.deliver()
