"""One market per provider: what its stories do with it, whoever the buyer, the bank and the dashboard are."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.market import PATIENCE, Market
from tests.fakes.wire import Call, Fault, Vendor
from tests.moved_clock import MovedClock
from tests.platform.providers.contract import Mishap, Push

Operation = Literal["create", "complete", "capture", "cancel", "refund"]
Order = Callable[[Sequence[Push]], Sequence[Push]]
MISHAPS: Final[dict[Mishap, tuple[Fault, Fate]]] = {
    "timeout_before": ("cut before", Fate.TIMEOUT_BEFORE),
    "timeout_after": ("cut after", Fate.TIMEOUT_AFTER),
    "fault_after": ("500 after", Fate.FAULT_AFTER),
    "busy": ("429", Fate.BUSY),
}


@dataclass
class Stand(Market):
    """A market whose payments all wait for their buyer, and whose news waits until it is delivered."""

    unheard: list[Push] = field(default_factory=list)

    # --- what the buyer, the bank and the dashboard do; `payment` as our API shows it

    @abstractmethod
    async def approve(self, payment: dict[str, Any]) -> None:
        """The buyer agrees, as in the provider's own app or sheet."""

    @abstractmethod
    async def decline(self, payment: dict[str, Any]) -> None:
        """The buyer agrees, and the bank says no: another try may follow."""

    @abstractmethod
    async def give_back(self, payment: dict[str, Any], amount: int) -> None:
        """Somebody refunds in the provider's dashboard."""

    @abstractmethod
    async def dispute(self, payment: dict[str, Any]) -> str:
        """The buyer's bank takes it all back; the dispute's id there."""

    @abstractmethod
    async def decide(self, dispute: str, *, is_won: bool) -> None:
        """The bank decides."""

    @abstractmethod
    def fails(self, mishap: Mishap, *, on: Operation) -> None:
        """What becomes of the next such call."""

    @abstractmethod
    async def taken(self) -> list[int]:
        """Every capture at the provider, in minor units."""

    @abstractmethod
    async def given(self) -> list[int]:
        """Every refund at the provider."""

    @abstractmethod
    async def hear(self) -> list[Push]:
        """What the provider has to tell since it was last asked, signed now."""

    # --- what a story does with it

    async def bought(self, amount: int = 10_000, **terms: Any) -> dict[str, Any]:
        """Made, approved, and known by its webhook."""
        payment = await self.paid(amount, **terms)
        assert payment["state"] == "requires_action", payment
        await self.approve(payment)
        await self.deliver()
        return await self.look(payment["id"])

    async def push(self, news: Sequence[Push]) -> None:
        """As the provider's servers do; each is answered with 200 at once."""
        for one in news:
            reply = await self.world.client.post(
                f"/api/v1/webhooks/{self.provider}", content=one.body, headers=dict(one.headers)
            )
            assert reply.status_code == 200, reply.text

    async def deliver(self, order: Order = list) -> None:
        """Push what there is to tell, in this order, and do what waits, until nothing more happens at this time."""
        for _ in range(PATIENCE):
            news = await self.hear()
            await self.push(order(news))
            if not await self.world.work() and not news:
                return
        raise AssertionError("there is no end to the news")

    async def inbox(self) -> list[str]:
        """How the provider's news ended, in order."""
        return [row[0] for row in await self.world.rows("SELECT state FROM inbound_events ORDER BY received_at, id")]

    async def held(self) -> int:
        total, cursor = 0, None
        provider = self.world.context.part(Providers).get(self.provider)
        since = MovedClock().now().replace(hour=0)
        while True:
            page = await provider.list_entries(since, cursor)
            total += sum(entry.gross.amount for entry in page.entries)
            if (cursor := page.cursor) is None:
                return total


@dataclass
class VendorStand(Stand):
    """Behind a wire fake."""

    wire: Any = None
    heard: int = 0
    paths: ClassVar[dict[Operation, str]] = {}

    def fails(self, mishap: Mishap, *, on: Operation) -> None:
        self.wire.next(MISHAPS[mishap][0], on=self.paths[on])

    def keyed(self) -> list[tuple[str, Call]]:
        """Every call that carried a key, with it."""
        names = ("idempotency-key", "paypal-request-id")
        calls: list[Call] = self.wire.calls
        return [
            (call.headers[name], call)
            for call in calls
            if call.method == "POST"
            for name in names
            if name in call.headers
        ]

    @abstractmethod
    async def is_about(self, path: str, payment_id: str) -> bool:
        """Whether a call's address names this payment."""

    @abstractmethod
    def made(self) -> list[str]:
        """Every payment there, by its id."""

    async def hear(self) -> list[Push]:
        vendor: Vendor = self.wire
        found = vendor.pushed[self.heard :]
        self.heard = len(vendor.pushed)
        return [vendor.sign(one.body) for one in found]
