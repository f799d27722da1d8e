"""A sandbox over a real database, an ear that remembers what it was told, and ids that are the same every run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cleanly.kernel.db import Database
from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol import NewPayment
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.settings import SandboxSettings
from tests.moved_clock import MovedClock
from tests.platform.providers.contract import Push


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def ours(number: int) -> UUID:
    return UUID(int=(7 << 76) | (2 << 62) | number)


@dataclass
class Ear:
    """Our inbound endpoint; `status` is what it answers."""

    status: int = 200
    heard: list[Push] = field(default_factory=list)

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> int:
        self.heard.append(Push({name.lower(): value for name, value in headers.items()}, body))
        return self.status


@dataclass
class Stage:
    db: Database
    clock: MovedClock
    ear: Ear
    sandbox: Sandbox

    async def pay(self, amount: int, *, number: int = 1, attempt: int = 1, **changes: Any):
        return await self.sandbox.create_payment(
            new(amount, number=number, **changes), key=f"payment:{number}:{attempt}"
        )

    async def refund(self, payment, amount: int, *, number: int = 1):
        return await self.sandbox.refund(
            payment.reference, payment.charge, eur(amount), our_id=ours(500 + number), key=f"refund:{number}:1"
        )

    async def told(self) -> list[str]:
        """The types of what was pushed, in the order of its arrival, after what is due was pushed."""
        await self.sandbox.pump()
        return [await self._type(push) for push in self.ear.heard]

    async def news(self) -> list[str]:
        """What was pushed since the last look."""
        types = await self.told()
        self.ear.heard.clear()
        return types

    async def _type(self, push: Push) -> str:
        return (await self.sandbox.verify_webhook(push.headers, push.body, now=self.clock.now())).type

    async def listed(self) -> list[str]:
        page = await self.sandbox.list_events(MovedClock().at, None)
        return [stored.event.type for stored in page.events]

    async def books(self) -> list[tuple[str, str | None, int, int]]:
        page = await self.sandbox.list_entries(MovedClock().at, None)
        return [(entry.kind, entry.source, entry.gross.amount, entry.fee.amount) for entry in page.entries]


def new(amount: int, *, number: int = 1, **changes: Any) -> NewPayment:
    wanted: dict[str, Any] = {
        "our_id": ours(number),
        "money": eur(amount),
        "capture": "automatic",
        "customer": None,
        "description": "A bicycle",
        "transfer_group": "group",
    }
    return NewPayment(**(wanted | changes))


def sandbox_over(db: Database, clock: MovedClock, ear: Ear, **options: Any) -> Sandbox:
    return Sandbox(db, clock, SandboxSettings(), deliver=ear, **options)
