"""A seller who wants to be paid, at each provider: what the seller does there, and what the service shows of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx2

from tests.domain.payments.market import new_key
from tests.domain.payments.stand import MISHAPS, Stand
from tests.platform.providers.contract import Mishap
from tests.world import PASSWORD, Phone

PATH = "/payout-accounts"


@dataclass
class Desk(ABC):
    """`country`: where onboarding takes the seller's own steps."""

    stand: Stand
    country: ClassVar[str] = "DE"

    @property
    def seller(self) -> Phone:
        return self.stand.seller

    # --- what happens at the provider

    @abstractmethod
    async def onboard(self) -> None:
        """The seller gives what is asked for."""

    @abstractmethod
    async def change_bank(self, last4: str) -> None:
        """The seller gives another bank."""

    @abstractmethod
    async def restrict(self) -> None:
        """The provider wants to know more."""

    @abstractmethod
    async def reinstate(self) -> None:
        """It is content again."""

    @abstractmethod
    async def opened(self) -> int:
        """How many accounts there are."""

    @abstractmethod
    def fails(self, mishap: Mishap) -> None:
        """What becomes of the next account that is asked for."""

    # --- what the seller does here

    async def open(self, *, phone: Phone | None = None, key: str | None = None, **more: Any) -> httpx2.Response:
        body = {"provider": self.stand.provider, "country": self.country} | more
        return await (phone or self.seller).call("POST", PATH, body, Idempotency_Key=key or new_key())

    async def opened_one(self, **more: Any) -> dict[str, Any]:
        reply = await self.open(**more)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def enabled(self) -> dict[str, Any]:
        """Opened, onboarded, and known by its webhook."""
        await self.opened_one()
        await self.onboard()
        await self.stand.deliver()
        shown = await self.look()
        assert shown["status"] == "enabled", shown
        return shown

    async def look(self, phone: Phone | None = None) -> dict[str, Any]:
        reply = await (phone or self.seller).call("GET", f"{PATH}/me")
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def change(self, account_id: str, *, phone: Phone | None = None, **body: Any) -> httpx2.Response:
        body = {"currentPassword": PASSWORD} | body
        return await (phone or self.seller).call("PUT", f"{PATH}/{account_id}", body, Idempotency_Key=new_key())

    async def reference(self) -> str:
        rows = await self.stand.world.rows(
            "SELECT reference FROM payout_accounts WHERE ended_at IS NULL AND reference IS NOT NULL"
        )
        return str(rows[0][0])

    async def row(self, column: str) -> Any:
        return (await self.stand.world.rows(f"SELECT {column} FROM payout_accounts ORDER BY id DESC LIMIT 1"))[0][0]

    async def told(self) -> list[dict[str, Any]]:
        """The data of all that subscribers were told of sellers' accounts."""
        rows = await self.stand.world.rows(
            "SELECT data FROM outbound_messages WHERE type = 'seller_account.updated' ORDER BY id"
        )
        return [row[0] for row in rows]

    async def noted(self) -> list[str]:
        """What the record says was done to sellers' accounts."""
        return [name for name in await self.stand.world.actions() if name.startswith("payout_account.")]


@dataclass
class SandboxDesk(Desk):
    country: ClassVar[str] = "ZZ"

    async def onboard(self) -> None:
        await self.stand.sandbox.onboard(await self.reference())

    async def change_bank(self, last4: str) -> None:
        await self.stand.sandbox.change_destination(await self.reference(), last4)

    async def restrict(self) -> None:
        await self.stand.sandbox.disable_payouts(await self.reference())

    async def reinstate(self) -> None:
        await self.stand.sandbox.enable_payouts(await self.reference())

    async def opened(self) -> int:
        rows = await self.stand.world.rows("SELECT count(*) FROM sandbox_objects WHERE kind = 'account'")
        return int(rows[0][0])

    def fails(self, mishap: Mishap) -> None:
        self.stand.sandbox.next(MISHAPS[mishap][1], on="create_account")


@dataclass
class StripeDesk(Desk):
    @property
    def wire(self) -> Any:
        return self.stand.wire  # type: ignore[attr-defined]

    async def onboard(self) -> None:
        self.wire.onboard(await self.reference())

    async def change_bank(self, last4: str) -> None:
        self.wire.change_bank(await self.reference(), last4=last4)

    async def restrict(self) -> None:
        self.wire.restrict(await self.reference(), "individual.verification.document")

    async def reinstate(self) -> None:
        self.wire.reinstate(await self.reference())

    async def opened(self) -> int:
        return sum(it["object"] == "account" for it in self.wire.objects.values())

    def fails(self, mishap: Mishap) -> None:
        self.wire.next(MISHAPS[mishap][0], on="/accounts$")
