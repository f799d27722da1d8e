"""One payment's news in any order, doubled, mixed with the buyer's return and the janitor: one end, one ledger."""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleanly.kernel.money import Money
from cleanly.platform.providers.sandbox import signing
from cleanly.platform.providers.sandbox.rules import Fate
from cleanly.platform.providers.sandbox.settings import DEVELOPMENT_SECRET
from cleanly.platform.webhooks.inbound import service as inbound
from tests.conftest import empty
from tests.domain.payments.market import Market, open_market
from tests.domain.payments.story import on_the_storys_time
from tests.domain.payments.truth import all_is_told
from tests.moved_clock import MovedClock
from tests.world import code, running

NEWS_MAX = 16
What = Literal["news", "again", "look", "later"]
STEP = st.one_of(
    st.tuples(st.sampled_from(["news", "again"]), st.integers(0, NEWS_MAX - 1)),
    st.tuples(st.just("look"), st.just(0)),
    st.tuples(st.just("later"), st.integers(1, 9)),
)
BETWEEN = st.lists(STEP, max_size=4)
# In which order everything arrives at last, each once or twice.
AT_LAST = st.permutations(range(NEWS_MAX)).flatmap(
    lambda order: st.lists(st.sampled_from(order), max_size=4).map(lambda doubled: [*order, *doubled])
)


@dataclass
class Life:
    """A payment, its news at the sandbox, of which nothing arrives but by `news`."""

    market: Market
    payment_id: str = ""
    reference: str = ""

    async def begin(self, fate: Fate, amount: int, **terms: Any) -> None:
        self.market.sandbox.next(fate, on="create_payment")
        reply = await self.market.pay(amount, **terms)
        assert reply.status_code == 201 or code(reply) == "PROVIDER_TIMEOUT"
        self.payment_id = str((await self.market.world.rows("SELECT id FROM payments"))[0][0])
        self.reference = await self.market.reference(self.payment_id)

    async def refund(self, amount: int) -> None:
        """By our API if we know of the money, else in the dashboard."""
        if (await self.market.refund(self.payment_id, amount)).status_code == 409:
            await self.market.sandbox.refund_in_dashboard(self.reference, euros(amount))

    async def news(self, number: int) -> None:
        """Push one event, as it was made, and act on it."""
        market = self.market
        page = await market.sandbox.list_events(market.world.clock.now().replace(year=2020), None)
        if number >= len(page.events):
            return
        body = page.events[number].body
        signed = {signing.HEADER: signing.sign(DEVELOPMENT_SECRET, body, now=market.world.clock.now())}
        reply = await market.world.client.post("/api/v1/webhooks/sandbox", content=body, headers=signed)
        assert reply.status_code == 200
        await market.world.work()

    async def again(self, number: int) -> None:
        """Let an event be acted on again that was acted on: an operator's replay, or a job that died at its end."""
        world = self.market.world
        stored = await world.rows("SELECT id FROM inbound_events ORDER BY id")
        if stored:
            async with world.context.db.begin() as session:
                await inbound.replay_one(session, stored[number % len(stored)][0], now=world.clock.now())
            await world.work()

    async def live(self, steps: list[tuple[What, int]]) -> None:
        for what, number in steps:
            match what:
                case "news":
                    await self.news(number)
                case "again":
                    await self.again(number)
                case "look":
                    await self.market.look(self.payment_id)
                case "later":
                    await self.market.wait(minutes=number)
                    await self.market.tidy()

    async def end(self, order: list[int]) -> None:
        """Everything has arrived; what had to wait for something else has waited."""
        for number in order:
            await self.news(number)
        for _ in range(3):
            await self.market.wait(minutes=6)
            await self.market.tidy()
        await all_is_told(self.market)

    async def lines(self) -> Counter[tuple[str, str, int]]:
        """What was posted: kind, account, amount."""
        rows = await self.market.world.rows(
            "SELECT t.kind, a.name, e.amount FROM ledger_entries e"
            " JOIN ledger_transactions t ON t.id = e.transaction_id JOIN ledger_accounts a ON a.id = e.account_id"
        )
        return Counter((row.kind, row.name, row.amount) for row in rows)


@asynccontextmanager
async def alone(database_url: str) -> AsyncGenerator[Life, None]:
    """A life on a service of its own, whose sandbox finds no ear."""

    async def lost(_headers: Mapping[str, str], _body: bytes) -> int:
        return 200

    try:
        with structlog.testing.capture_logs():
            async with running(database_url, MovedClock()) as world:
                market = await open_market(world)
                market.sandbox._engine._deliver = lost
                on_the_storys_time(market)
                yield Life(market)
    finally:
        empty(database_url)


def euros(amount: int) -> Money:
    return Money(amount, "EUR")


# Shares that come out even, so that no order moves a cent from one to the other.
FIRST, EQUAL, REST = 2_000, 1_000, 2_000
CAPTURED = FIRST + 2 * EQUAL + REST
COMMON = Counter({
    ("payment.captured", "clearing.sandbox", CAPTURED): 1,
    ("payment.captured", "pending", -5_400): 1,
    ("payment.captured", "fees", -600): 1,
    ("refund.made", "clearing.sandbox", -FIRST): 1,
    ("refund.made", "pending", 1_800): 1,
    ("refund.made", "fees", 200): 1,
    ("refund.made", "clearing.sandbox", -EQUAL): 2,
    ("refund.made", "pending", 900): 2,
    ("refund.made", "fees", 100): 2,
    ("dispute.withdrawn", "dispute_suspense", REST): 1,
    ("dispute.withdrawn", "clearing.sandbox", -REST): 1,
    ("dispute.held", "pending", 1_800): 1,
    ("dispute.held", "disputed", -1_800): 1,
})  # fmt: skip
WON = Counter({
    ("dispute.reinstated", "clearing.sandbox", REST): 1,
    ("dispute.reinstated", "dispute_suspense", -REST): 1,
    ("dispute.unheld", "disputed", 1_800): 1,
    ("dispute.unheld", "available", -1_800): 1,
})  # fmt: skip
LOST = Counter({
    ("dispute.lost", "disputed", 1_800): 1,
    ("dispute.lost", "dispute_loss", 200): 1,
    ("dispute.lost", "dispute_suspense", -REST): 1,
})  # fmt: skip


@settings(max_examples=7, deadline=None)
@given(gaps=st.tuples(*[BETWEEN] * 7), order=AT_LAST, is_won=st.booleans(), is_heard=st.booleans())
@example(gaps=((),) * 7, order=list(range(NEWS_MAX)), is_won=False, is_heard=True)
@example(gaps=((),) * 7, order=list(reversed(range(NEWS_MAX))), is_won=True, is_heard=False)
async def test_every_order_of_news_ends_in_the_same_state_and_ledger(
    database_url: str, gaps: tuple[Any, ...], order: list[int], is_won: bool, is_heard: bool
):
    async with alone(database_url) as life:
        market, sandbox = life.market, life.market.sandbox
        await life.begin(Fate.ASKS_BUYER if is_heard else Fate.TIMEOUT_AFTER, 10_000, captureMethod="manual")
        await life.live(gaps[0])
        if is_heard:
            await sandbox.confirm(life.reference)
        await life.live(gaps[1])
        if (await market.act("capture", life.payment_id, {"amount": CAPTURED})).status_code == 409:
            await sandbox.capture_payment(life.reference, euros(CAPTURED), key="in-the-dashboard")
        await life.live(gaps[2])
        await life.refund(FIRST)
        await life.live(gaps[3])
        for _ in range(2):
            await sandbox.refund_in_dashboard(life.reference, euros(EQUAL))
        await life.live(gaps[4])
        dispute = await sandbox.dispute(life.reference)
        await life.live(gaps[5])
        await sandbox.close_dispute(dispute.reference, is_won=is_won)
        await life.live(gaps[6])
        await life.end(order)
        assert await life.lines() == COMMON + (WON if is_won else LOST)
        told = Counter(await market.told())
        del told["payment.authorized"]  # whoever first looks after the capture never sees it
        assert told == {
            "payment.succeeded": 1,
            "refund.created": 3,
            "refund.succeeded": 3,
            "dispute.opened": 1,
            "dispute.closed": 1,
        }
        shown = (await market.buyer.call("GET", f"/payments/{life.payment_id}/disputes")).json()["items"]
        assert [one["moneyIs"] for one in shown] == ["reinstated" if is_won else "lost"]


@settings(max_examples=5, deadline=None)
@given(gaps=st.tuples(*[BETWEEN] * 3), order=AT_LAST)
@example(gaps=((),) * 3, order=list(reversed(range(NEWS_MAX))))
async def test_a_refund_that_failed_before_we_heard_of_it_is_booked_both_ways(
    database_url: str, gaps: tuple[Any, ...], order: list[int]
):
    async with alone(database_url) as life:
        await life.begin(Fate.REFUND_FAILS, 10_000)
        await life.live(gaps[0])
        await life.market.sandbox.refund_in_dashboard(life.reference, euros(4_000))
        await life.live(gaps[1])
        await life.market.wait(days=1)
        await life.market.sandbox.pump()
        await life.live(gaps[2])
        await life.end(order)
        assert await life.market.balances() == {"clearing.sandbox": 10_000, "fees": 1_000}
        assert await life.market.balances(life.market.seller) == {"pending": 5_400, "available": 3_600}
        assert Counter(await life.market.postings()) == {"payment.captured": 1, "refund.made": 1, "refund.failed": 1}


@settings(max_examples=5, deadline=None)
@given(amounts=st.lists(st.integers(1, 333), min_size=3, max_size=3), order=AT_LAST)
async def test_with_uneven_shares_an_order_moves_no_more_than_a_cent_per_part(
    database_url: str, amounts: list[int], order: list[int]
):
    async with alone(database_url) as life:
        await life.begin(Fate.PLAIN, 1_999)
        for amount in amounts:
            await life.market.sandbox.refund_in_dashboard(life.reference, euros(amount))
        await life.market.sandbox.dispute(life.reference)
        await life.end(order)
        platform, seller = await life.market.balances(), await life.market.balances(life.market.seller)
        left = 1_999 - sum(amounts)
        assert platform["dispute_suspense"] == left
        assert seller.get("pending", 0) == 0
        # The fee of what is disputed stays ours until the bank decides.
        assert abs(platform.get("fees", 0) - left // 10) <= len(amounts) + 1
        assert seller.get("disputed", 0) + platform.get("fees", 0) == left
