"""The kiosks of today: the sandbox, and Stripe and PayPal behind their wire fakes."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from cleanly.platform.providers.registry import Providers
from tests.domain.payments.stands import PAYPAL, STRIPE, trust_our_certificates
from tests.domain.subscriptions.kiosk import PATIENCE, Kiosk, open_kiosk
from tests.fakes.paypal_wire import PayPalWire
from tests.fakes.stripe_wire import StripeWire
from tests.fakes.wire import listening
from tests.moved_clock import MovedClock
from tests.platform.providers.contract import Push
from tests.world import World, running


@dataclass
class Booth(Kiosk):
    """A kiosk at any provider: there the first payment waits for its reader, and news for its delivery."""

    async def subscribed(self, amount: int = 900, **terms: Any) -> dict[str, Any]:
        made = await Kiosk.subscribed(self, amount, **terms)
        await self.agree(made["id"])
        await self.deliver()
        return await self.look(made["id"])

    @abstractmethod
    async def agree(self, subscription_id: str) -> None:
        """The reader pays what is open, or leaves a card for when the trial ends."""

    @abstractmethod
    async def end_there(self, subscription_id: str) -> None:
        """Somebody ends it in the provider's own pages, for when the period does."""

    async def held(self) -> int:
        total, cursor = 0, None
        provider = self.world.context.part(Providers).get(self.provider)
        while True:
            page = await provider.list_entries(MovedClock().now().replace(hour=0), cursor)
            total += sum(entry.gross.amount for entry in page.entries)
            if (cursor := page.cursor) is None:
                return total


@dataclass
class SandboxBooth(Booth):
    async def agree(self, subscription_id: str) -> None:
        if (await self.look(subscription_id))["state"] in {"incomplete", "past_due", "unpaid"}:
            await self.sandbox.billing.confirm(await self.reference(subscription_id))

    async def end_there(self, subscription_id: str) -> None:
        await self.sandbox.billing.cancel_in_dashboard(await self.reference(subscription_id), at_period_end=True)


@dataclass
class VendorBooth(Booth):
    """Behind a wire fake."""

    wire: Any = None
    heard: int = 0

    @abstractmethod
    def references(self) -> list[str]:
        """Every subscription there."""

    @abstractmethod
    def plans(self) -> int:
        """How many plans there are there."""

    async def deliver(self) -> None:
        for _ in range(PATIENCE):
            self.wire.advance()
            news = self.wire.pushed[self.heard :]
            self.heard = len(self.wire.pushed)
            await self.push(news)
            if not await self.world.work() and not news:
                return
        raise AssertionError("there is no end to the news")

    async def push(self, news: Sequence[Push]) -> None:
        """As the provider's servers do; signed now, and answered with 200 at once."""
        for one in news:
            again = self.wire.sign(one.body)
            path = f"/api/v1/webhooks/{self.provider}"
            reply = await self.world.client.post(path, content=again.body, headers=dict(again.headers))
            assert reply.status_code == 200, reply.text


@dataclass
class StripeBooth(VendorBooth):
    def references(self) -> list[str]:
        return [it["id"] for it in self.wire.all("subscription")]

    def plans(self) -> int:
        return len(self.wire.all("price"))

    async def reference(self, subscription_id: str) -> str:
        return next(it["id"] for it in self.wire.all("subscription") if it["metadata"]["cleanly_id"] == subscription_id)

    async def agree(self, subscription_id: str) -> None:
        self.wire.confirm(await self.reference(subscription_id))

    async def end_there(self, subscription_id: str) -> None:
        self.wire.cancel_in_dashboard(await self.reference(subscription_id), at_period_end=True)


@dataclass
class PayPalBooth(VendorBooth):
    def references(self) -> list[str]:
        return list(self.wire.subscriptions)

    def plans(self) -> int:
        return len(self.wire.plans)

    async def reference(self, subscription_id: str) -> str:
        return next(it["id"] for it in self.wire.subscriptions.values() if it["custom_id"] == subscription_id)

    async def agree(self, subscription_id: str) -> None:
        self.wire.agree(await self.reference(subscription_id))

    async def end_there(self, subscription_id: str) -> None:
        self.wire.cancel_in_account(await self.reference(subscription_id))


@asynccontextmanager
async def open_booth(
    provider: str, database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Booth, None]:
    """A kiosk at this provider that has sold nothing yet."""
    if provider == "sandbox":
        async with running(database_url, clock) as world:
            yield await _booth(SandboxBooth, world)
    elif provider == "stripe":
        vendor = StripeWire(clock, secret=STRIPE["stripe_webhook_secret"].encode())
        async with (
            listening(vendor) as wire,
            running(database_url, clock, **STRIPE, stripe_api_base=wire.address) as world,
        ):
            yield await _booth(StripeBooth, world, provider=provider, wire=wire)
    else:
        trust_our_certificates(monkeypatch)
        async with (
            listening(PayPalWire(clock, webhook_id=PAYPAL["paypal_webhook_id"])) as wire,
            running(database_url, clock, **PAYPAL, paypal_base_url=wire.address) as world,
        ):
            yield await _booth(PayPalBooth, world, provider=provider, wire=wire)


async def _booth(kind: type[Booth], world: World, **more: Any) -> Booth:
    kiosk = await open_kiosk(world)
    return kind(world, kiosk.owner, kiosk.reader, kiosk.product, **more)
