"""The markets of today: the sandbox, and Stripe and PayPal behind their wire fakes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pytest

from cleanly.entry import providers
from cleanly.kernel.money import Money
from cleanly.kernel.net import Answer
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.market import Market, open_market
from tests.domain.payments.stand import MISHAPS, Operation, Stand, VendorStand
from tests.fakes import paypal_pki
from tests.fakes.paypal_wire import PayPalWire
from tests.fakes.stripe_wire import StripeWire
from tests.fakes.wire import listening
from tests.moved_clock import MovedClock
from tests.platform.providers.contract import Mishap, Push
from tests.world import World, running

STRIPE: Final = {
    "stripe_secret_key": "sk_test_of_the_tests",
    "stripe_publishable_key": "pk_test_of_the_tests",
    "stripe_webhook_secret": "whsec_of_the_tests",
    "stripe_mobile_api_version": "2026-03-31.basil",
}
PAYPAL: Final = {
    "paypal_client_id": "client",
    "paypal_client_secret": "secret",
    "paypal_webhook_id": "8PT597110X687430L",
}


@dataclass
class SandboxStand(Stand):
    def __post_init__(self) -> None:
        self.sandbox._engine._deliver = self._listen

    async def _listen(self, headers: Any, body: bytes) -> int:
        self.unheard.append(Push(dict(headers), body))
        return 200

    async def pay(self, amount: int = 10_000, **more: Any) -> Any:
        scripted = self.sandbox._engine._scripted
        if not any(operation == "create_payment" for _, operation in scripted):
            self.sandbox.next(Fate.ASKS_BUYER, on="create_payment")
        return await Market.pay(self, amount, **more)

    async def approve(self, payment: dict[str, Any]) -> None:
        await self.sandbox.confirm(await self.reference(payment["id"]))

    async def decline(self, payment: dict[str, Any]) -> None:
        await self.sandbox.decline(await self.reference(payment["id"]))

    async def give_back(self, payment: dict[str, Any], amount: int) -> None:
        await self.sandbox.refund_in_dashboard(await self.reference(payment["id"]), Money(amount, "EUR"))

    async def dispute(self, payment: dict[str, Any]) -> str:
        return (await self.sandbox.dispute(await self.reference(payment["id"]))).reference

    async def decide(self, dispute: str, *, is_won: bool) -> None:
        await self.sandbox.close_dispute(dispute, is_won=is_won)

    def fails(self, mishap: Mishap, *, on: Operation) -> None:
        call = on if on == "refund" else f"{on}_payment"
        self.sandbox.next(MISHAPS[mishap][1], on=call)

    async def taken(self) -> list[int]:
        return await self._moved("charge", 1)

    async def given(self) -> list[int]:
        return await self._moved("refund", -1)

    async def _moved(self, kind: str, sign: int) -> list[int]:
        page = await self.sandbox.list_entries(self.world.clock.now().replace(year=2020), None)
        return [sign * entry.gross.amount for entry in page.entries if entry.kind == kind]

    async def hear(self) -> list[Push]:
        await self.sandbox.pump()
        found, self.unheard = self.unheard, []
        return found


@dataclass
class StripeStand(VendorStand):
    paths: ClassVar[dict[Operation, str]] = {
        "create": "/payment_intents$",
        "capture": "/capture$",
        "cancel": "/cancel$",
        "refund": "/refunds$",
    }

    async def reference(self, payment_id: str) -> str:
        return next(it["id"] for it in self._all("payment_intent") if it["metadata"].get("cleanly_id") == payment_id)

    async def approve(self, payment: dict[str, Any]) -> None:
        self.wire.approve(await self.reference(payment["id"]))

    async def decline(self, payment: dict[str, Any]) -> None:
        self.wire.decline(await self.reference(payment["id"]), "insufficient_funds")

    async def give_back(self, payment: dict[str, Any], amount: int) -> None:
        self.wire.refund_in_dashboard(await self.reference(payment["id"]), amount)

    async def dispute(self, payment: dict[str, Any]) -> str:
        return str(self.wire.dispute(await self.reference(payment["id"]))["id"])

    async def decide(self, dispute: str, *, is_won: bool) -> None:
        self.wire.close_dispute(dispute, is_won=is_won)

    async def taken(self) -> list[int]:
        return [line["amount"] for line in self.wire.books if line["reporting_category"] == "charge"]

    async def given(self) -> list[int]:
        return [it["amount"] for it in self._all("refund")]

    async def is_about(self, path: str, payment_id: str) -> bool:
        return f"/{await self.reference(payment_id)}/" in path

    def made(self) -> list[str]:
        return [it["id"] for it in self._all("payment_intent")]

    def _all(self, kind: str) -> list[dict[str, Any]]:
        return [it for it in self.wire.objects.values() if it["object"] == kind]


@dataclass
class PayPalStand(VendorStand):
    paths: ClassVar[dict[Operation, str]] = {
        "create": "/orders$",
        "complete": "orders/.*/(capture|authorize)$",
        "capture": "authorizations/.*/capture$",
        "cancel": "/void$",
        "refund": "/refund$",
    }

    async def reference(self, payment_id: str) -> str:
        orders: dict[str, dict[str, Any]] = self.wire.orders
        return next(name for name, it in orders.items() if it["purchase_units"][0].get("custom_id") == payment_id)

    async def approve(self, payment: dict[str, Any]) -> None:
        self.wire.approve(await self.reference(payment["id"]))

    async def decline(self, payment: dict[str, Any]) -> None:
        self.wire.declines.append("INSTRUMENT_DECLINED")
        await self.approve(payment)

    async def capture_of(self, payment: dict[str, Any]) -> dict[str, Any]:
        order = self.wire.orders[await self.reference(payment["id"])]
        found: dict[str, Any] = order["purchase_units"][0]["payments"]["captures"][-1]
        return found

    async def give_back(self, payment: dict[str, Any], amount: int) -> None:
        self.wire.refund_in_dashboard((await self.capture_of(payment))["id"], f"{amount / 100:.2f}")

    async def dispute(self, payment: dict[str, Any]) -> str:
        return str(self.wire.dispute(await self.capture_of(payment))["dispute_id"])

    async def decide(self, dispute: str, *, is_won: bool) -> None:
        self.wire.close_dispute(dispute, is_won=is_won)

    async def taken(self) -> list[int]:
        return [_cents(it["transaction_amount"]) for it in self.wire.report if it["transaction_event_code"] == "T0006"]

    async def is_about(self, path: str, payment_id: str) -> bool:
        order = await self.reference(payment_id)
        held = self.wire.orders[order]["purchase_units"][0].get("payments", {}).get("authorizations", [])
        return any(f"/{name}/" in path for name in (order, *(it["id"] for it in held)))

    def made(self) -> list[str]:
        return list(self.wire.orders)

    async def given(self) -> list[int]:
        return [_cents(it["amount"]) for it in self.wire.parts["refunds"].values()]


def _cents(money: dict[str, str]) -> int:
    return round(float(money["value"]) * 100)


@asynccontextmanager
async def standing(
    provider: str, database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Stand, None]:
    """A market at this provider, with nothing sold yet."""
    if provider == "sandbox":
        async with running(database_url, clock) as world:
            yield await _stand(SandboxStand, world)
    elif provider == "stripe":
        vendor = StripeWire(clock, secret=STRIPE["stripe_webhook_secret"].encode())
        async with (
            listening(vendor) as wire,
            running(database_url, clock, **STRIPE, stripe_api_base=wire.address) as world,
        ):
            yield await _stand(StripeStand, world, provider=provider, wire=wire)
    else:
        trust_our_certificates(monkeypatch)
        async with (
            listening(PayPalWire(clock, webhook_id=PAYPAL["paypal_webhook_id"])) as wire,
            running(database_url, clock, **PAYPAL, paypal_base_url=wire.address) as world,
        ):
            yield await _stand(PayPalStand, world, provider=provider, wire=wire)


def trust_our_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """PayPal's are fetched from the tests' shelf and hang below the tests' root; all else about them is checked."""

    async def fetch(address: str) -> Answer:
        assert address == paypal_pki.CERTIFICATE_URL
        return Answer(200, {}, paypal_pki.signer().chain)

    monkeypatch.setattr(providers, "public_roots", lambda: (paypal_pki.root().certificate,))
    monkeypatch.setattr(providers, "fetch_over", lambda _http: fetch)


async def _stand(kind: type[Stand], world: World, **more: Any) -> Stand:
    market = await open_market(world)
    return kind(world, market.seller, market.buyer, market.product, **more)
