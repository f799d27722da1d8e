"""A platform with plans, a subscriber and the sandbox: what a story about subscriptions does."""

import itertools
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from cleanly.domain.ledger import queries as ledger
from cleanly.domain.subscriptions.messages import GIVEN_BACK, JANITOR
from cleanly.kernel.messages import Task, Tick
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.sandbox.adapter import Sandbox
from tests.domain.catalog.shelf import admin, monthly, publish, put_on_shelf
from tests.world import Phone, World

_keys = itertools.count(1)
PATIENCE = 40


@dataclass
class Kiosk:
    """The platform's own magazine in one group of plans, and somebody who reads it."""

    world: World
    owner: Phone
    reader: Phone
    product: dict[str, Any]
    provider: str = "sandbox"

    @property
    def sandbox(self) -> Sandbox:
        return self.world.context.part(Sandbox)

    async def price(self, amount: int = 900, **terms: Any) -> str:
        return str((await publish(self.owner, self.product, monthly(amount, **terms)))["id"])

    async def subscribe(self, price: str, *, phone: Phone | None = None, key: str | None = None, **more: Any) -> Any:
        body = {"priceId": price, "provider": self.provider} | more
        return await (phone or self.reader).call("POST", "/subscriptions", body, Idempotency_Key=key or new_key())

    async def subscribed(self, amount: int = 900, **terms: Any) -> dict[str, Any]:
        """A subscription to a plan that costs this much."""
        reply = await self.subscribe(await self.price(amount, **terms))
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def look(self, subscription_id: str) -> dict[str, Any]:
        reply = await self.reader.call("GET", f"/subscriptions/{subscription_id}")
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def ask(self, what: str, subscription_id: str, body: Any = None, key: str | None = None) -> httpx2.Response:
        path = f"/subscriptions/{subscription_id}/{what}"
        return await self.reader.call("POST", path, body, Idempotency_Key=key or new_key())

    async def entitled(self) -> list[dict[str, Any]]:
        reply = await self.reader.call("GET", "/entitlements")
        assert reply.status_code == 200, reply.text
        return list(reply.json()["items"])

    async def periods(self, subscription_id: str) -> list[dict[str, Any]]:
        """Oldest first."""
        reply = await self.reader.call("GET", f"/subscriptions/{subscription_id}/periods?limit=100")
        assert reply.status_code == 200, reply.text
        return list(reversed(reply.json()["items"]))

    async def reference(self, subscription_id: str) -> str:
        """The subscription's id at the sandbox, by the sandbox's own word."""
        found = await self.sandbox.billing.find_subscription(UUID(subscription_id))
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

    async def tick(self, task: Task[Tick] = JANITOR) -> None:
        async with self.world.context.db.begin() as session:
            await jobs.enqueue(session, task, Tick(due_at=self.world.clock.now().isoformat()))
        await self.world.work()

    async def wait(self, **units: float) -> None:
        """Move the clock; who was signed in signs in again."""
        self.world.clock.move(**units)
        for phone in (self.owner, self.reader):
            phone.access = (await self.world.login(phone.email)).access

    async def later(self, **units: float) -> None:
        """Move the clock, deliver what became due, let the janitors look."""
        await self.wait(**units)
        await self.deliver()
        await self.tick()
        await self.tick(GIVEN_BACK)

    async def told(self) -> list[str]:
        """What subscribers of outbound webhooks would have been told of subscriptions, in order."""
        rows = await self.world.rows("SELECT type FROM outbound_messages WHERE type LIKE 'subscription.%' ORDER BY id")
        return [row[0].removeprefix("subscription.") for row in rows]

    async def balances(self) -> dict[str, int]:
        async with self.world.context.db.begin() as session:
            found = await ledger.balances(session, None)
        return {one.name: one.amount for one in found if one.amount}

    async def held(self) -> int:
        """What the provider's own books say."""
        page = await self.sandbox.list_entries(self.world.clock.now().replace(year=2020), None)
        return sum(entry.gross.amount for entry in page.entries)

    async def books_are_right(self) -> None:
        """The ledger is sound and says what the provider says; every period has its one payment."""
        async with self.world.context.db.begin() as session:
            report = await ledger.check_everything(session, seconds_max=30)
        assert report.is_clean, report
        assert (await self.balances()).get(f"clearing.{self.provider}", 0) == await self.held()
        rows = await self.world.rows(
            "SELECT period.amount, payment.captured_amount FROM subscription_periods AS period"
            " LEFT JOIN payments AS payment ON payment.id = period.payment_id"
        )
        assert all(row.amount == row.captured_amount for row in rows)
        assert len(rows) == (await self.world.rows("SELECT count(*) FROM payments"))[0][0]


def new_key() -> str:
    """An Idempotency-Key that nobody used."""
    return f"subscription-key-{next(_keys)}"


async def open_kiosk(world: World) -> Kiosk:
    """A kiosk that has sold nothing yet."""
    owner = await admin(world)
    product = await put_on_shelf(owner, name="The Daily", kind="digital", platform=True)
    return Kiosk(world, owner, await world.register(), product)
