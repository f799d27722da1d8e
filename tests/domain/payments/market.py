"""A seller, a buyer and the sandbox: what a story about money does, and how it proves that none was lost."""

import itertools
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from cleanly.domain.ledger import queries as ledger
from cleanly.domain.payments.messages import JANITOR
from cleanly.kernel.messages import Tick
from cleanly.platform.cache.service import Cache
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.webhooks.inbound.messages import SWEEP
from tests.domain.catalog.shelf import euros, publish, put_on_shelf
from tests.world import Phone, World

_keys = itertools.count(1)
PATIENCE = 40


@dataclass
class Market:
    """One seller with one product, one buyer."""

    world: World
    seller: Phone
    buyer: Phone
    product: dict[str, Any]
    provider: str = "sandbox"
    # Their tokens outlive the story: nobody signs in again.
    stays_signed_in: bool = False

    @property
    def sandbox(self) -> Sandbox:
        return self.world.context.part(Sandbox)

    @property
    def cache(self) -> Cache:
        return self.world.context.part(Cache)

    async def price(self, amount: int) -> str:
        return str((await publish(self.seller, self.product, euros(amount)))["id"])

    async def pay(self, amount: int = 10_000, *, key: str | None = None, **terms: Any) -> httpx2.Response:
        """POST /payments for something that costs this much."""
        price = terms.pop("priceId", None) or await self.price(amount)
        body = {"priceId": price, "provider": self.provider} | terms
        return await self.buyer.call("POST", "/payments", body, Idempotency_Key=key or new_key())

    async def paid(self, amount: int = 10_000, **terms: Any) -> dict[str, Any]:
        reply = await self.pay(amount, **terms)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def look(self, payment_id: str, phone: Phone | None = None) -> dict[str, Any]:
        reply = await (phone or self.buyer).call("GET", f"/payments/{payment_id}")
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def act(
        self, what: str, payment_id: str, body: Any = None, *, phone: Phone | None = None, key: str | None = None
    ) -> httpx2.Response:
        """POST /payments/{id}/capture, cancel or refunds, as the seller."""
        path = f"/payments/{payment_id}/{what}"
        return await (phone or self.seller).call("POST", path, body, Idempotency_Key=key or new_key())

    async def refund(self, payment_id: str, amount: int | None = None, **more: Any) -> httpx2.Response:
        return await self.act("refunds", payment_id, {} if amount is None else {"amount": amount}, **more)

    async def reference(self, payment_id: str) -> str:
        """The payment's id at the sandbox, by the sandbox's own word."""
        found = await self.sandbox.find_payment(UUID(payment_id))
        assert found is not None
        return found.reference

    async def deliver(self) -> None:
        """Push what the sandbox has to tell, and do what waits, until nothing more happens at this time."""
        for _ in range(PATIENCE):
            told = await self.sandbox.pump()
            done = await self.world.work()
            if not told and not done:
                return
        raise AssertionError("there is no end to the news")

    async def tidy(self) -> None:
        """Let the janitor run once."""
        await self._ask(JANITOR)
        await self.deliver()

    async def sweep(self) -> None:
        """Ask the sandbox for events that never came."""
        await self._ask(SWEEP)
        await self.deliver()

    async def _ask(self, task: Any) -> None:
        async with self.world.context.db.begin() as session:
            await jobs.enqueue(session, task, Tick(due_at=self.world.clock.now().isoformat()))
        await self.world.work()

    async def wait(self, **units: float) -> None:
        """Move the clock; who was signed in signs in again."""
        self.world.clock.move(**units)
        if self.stays_signed_in:
            return
        for phone in (self.seller, self.buyer):
            phone.access = (await self.world.login(phone.email)).access

    async def later(self, **units: float) -> None:
        """Move the clock, deliver what became due, let the janitor look."""
        await self.wait(**units)
        await self.deliver()
        await self.tidy()

    async def balances(self, owner: Phone | None = None) -> dict[str, int]:
        """What is not zero, by account: the seller's, or the platform's with `owner` None."""
        async with self.world.context.db.begin() as session:
            found = await ledger.balances(session, UUID(owner.user_id) if owner else None)
        return {one.name: one.amount for one in found if one.amount}

    async def postings(self) -> list[str]:
        """The kinds of all that was posted, in order."""
        return [row[0] for row in await self.world.rows("SELECT kind FROM ledger_transactions ORDER BY id")]

    async def told(self) -> list[str]:
        """What subscribers of outbound webhooks would have been told, in order."""
        return [row[0] for row in await self.world.rows("SELECT type FROM outbound_messages ORDER BY id")]

    async def held(self) -> int:
        """What the provider's own books say of this market."""
        return await self.held_at_the_sandbox()

    async def held_at_the_sandbox(self) -> int:
        """Captured minus refunded minus disputed, by the sandbox's own books."""
        total, cursor = 0, None
        while True:
            page = await self.sandbox.list_entries(self.world.clock.now().replace(year=2020), cursor)
            total += sum(entry.gross.amount for entry in page.entries)
            if (cursor := page.cursor) is None:
                return total

    async def books_are_right(self) -> None:
        """The ledger is sound, says what the provider says, and every hold is explained by it."""
        async with self.world.context.db.begin() as session:
            report = await ledger.check_everything(session, seconds_max=30)
        assert report.is_clean, report
        platform, seller = await self.balances(), await self.balances(self.seller)
        assert platform.get(f"clearing.{self.provider}", 0) == await self.held()
        held = await self.world.rows("SELECT coalesce(sum(remaining), 0)::bigint FROM holds WHERE released_at IS NULL")
        assert seller.get("pending", 0) == held[0][0]
        for row in await self.world.rows(
            "SELECT id, captured_amount, refunded_amount, seller_left, fee_left, tax_left, seller_amount,"
            " coalesce((SELECT sum(amount) FROM disputes WHERE payment_id = payments.id"
            " AND money IN ('withdrawn', 'lost')), 0)::bigint AS disputed FROM payments"
        ):
            # Whatever went first: a share is only spared when there was not enough of all of them.
            left = row.seller_left + row.fee_left + row.tax_left
            assert left == max(0, row.captured_amount - row.refunded_amount - row.disputed), row
            assert row.seller_left <= row.seller_amount, row


def new_key() -> str:
    """An Idempotency-Key that nobody used."""
    return f"key-{next(_keys)}"


async def open_market(world: World) -> Market:
    """A market with nothing sold yet."""
    seller, buyer = await world.register(), await world.register()
    return Market(world, seller, buyer, await put_on_shelf(seller))
