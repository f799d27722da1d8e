"""The sandbox as a Provider."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Final, Literal, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.clock import Clock
from cleanly.kernel.db import Database
from cleanly.kernel.money import Money
from cleanly.kernel.net import Http
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.protocol import (
    Balance,
    Capability,
    DisputeSnapshot,
    Listing,
    NewPayment,
    PaymentSnapshot,
    RefundSnapshot,
    Snapshot,
    VerifiedEvent,
)
from cleanly.platform.providers.sandbox import acts, events, queries, signing
from cleanly.platform.providers.sandbox.biller import SandboxBiller
from cleanly.platform.providers.sandbox.flows import Deliver, Engine, Wake
from cleanly.platform.providers.sandbox.objects import (
    ACCOUNT,
    NAME,
    Answer,
    Customer,
    Dispute,
    Payment,
    Refund,
    Stored,
)
from cleanly.platform.providers.sandbox.rules import KEY_KEPT, Fate, fate_of
from cleanly.platform.providers.sandbox.sellers import SellerSide
from cleanly.platform.providers.sandbox.settings import SandboxSettings
from cleanly.platform.providers.sandbox.stage import answered
from cleanly.platform.providers.sandbox.world import World

S = TypeVar("S", bound=Stored)
PAGE_SIZE: Final = 100


def deliver_over(http: Http, url: str) -> Deliver:
    """Send events to this address; `http` is `Http.to_known()`."""

    async def deliver(headers: Mapping[str, str], body: bytes) -> int:
        """Raises NetError: no answer."""
        return (await http.post(url, body=body, headers=headers)).status

    return deliver


class Sandbox(SellerSide):
    """Build one per process. `deliver` sends its events to us; `wake` asks the queue for `pump` at a time.

    Without `wake` nothing happens by itself: somebody calls `pump`.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        settings: SandboxSettings,
        *,
        deliver: Deliver,
        wake: Wake | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        super().__init__(Engine(db, clock, settings, deliver=deliver, wake=wake))
        self.name: Final = NAME
        self.account: Final = ACCOUNT
        self.key_memory: Final = KEY_KEPT
        self.refund_key_memory: Final = KEY_KEPT
        self.billing: Final = SandboxBiller(self._engine)
        self._clock = clock
        self._secrets = tuple(secret.get_secret_value() for secret in settings.sandbox_webhook_secret)
        self._page_size = page_size

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All; but without transfers while it pays in one step."""
        return frozenset(Capability) - ({Capability.TRANSFERS} if self.pays_in_one_step else set())

    async def ensure_customer(self, user_id: UUID, email: str, *, key: str) -> str:
        """The Protocol's; one per user, whatever the key."""

        async def act(world: World, _fate: Fate) -> Answer:
            known = await queries.find_ours(world.session, Customer, user_id)
            return known or await world.put(Customer(id=await world.mint(Customer.prefix), our_id=user_id))

        arguments = {"user_id": user_id, "email": email}
        return answered(Customer, await self._engine.call("ensure_customer", arguments, act, key=key)).id

    async def create_payment(self, new: NewPayment, *, key: str) -> PaymentSnapshot:
        """The Protocol's; the amount's last two digits choose the fate."""

        async def act(world: World, fate: Fate) -> Answer:
            return await acts.create_payment(world, new, fate=fate)

        fate = fate_of(new.money.amount)
        answer = await self._engine.call("create_payment", asdict(new), act, key=key, fate=fate)
        return answered(Payment, answer).shown()

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """The Protocol's, in the form of Stripe's; `confirmPath` and `declinePath` let an app play the buyer."""
        await self.get_payment(reference)
        parameters = {
            "clientSecret": f"{reference}_secret_sandbox",
            "publishableKey": "pk_sandbox",
            "confirmPath": f"/api/v1/sandbox/payments/{reference}/confirm",
            "declinePath": f"/api/v1/sandbox/payments/{reference}/decline",
        }
        if customer is not None:
            parameters |= {"customer": customer, "ephemeralKey": f"ek_sandbox_{customer}"}
        return parameters

    async def get_payment(self, reference: str) -> PaymentSnapshot:
        """The Protocol's."""
        return (await self._get("get_payment", Payment, reference)).shown()

    async def find_payment(self, our_id: UUID) -> PaymentSnapshot | None:
        """The Protocol's; the newest, if a forgotten key has made two."""

        async def find(session: AsyncSession, _now: datetime) -> Payment | None:
            return await queries.find_ours(session, Payment, our_id)

        found = await self._engine.look("find_payment", find)
        return None if found is None else found.shown()

    async def complete_payment(
        self, reference: str, *, capture: Literal["automatic", "manual"], key: str
    ) -> PaymentSnapshot:
        """The Protocol's: a look, for the sandbox does not wait for us."""
        del capture, key
        return (await self._get("complete_payment", Payment, reference)).shown()

    async def capture_payment(self, reference: str, money: Money, *, key: str) -> PaymentSnapshot:
        """The Protocol's."""

        async def act(world: World, fate: Fate) -> Answer:
            return await acts.capture_payment(world, reference, money.amount, money.currency, fate=fate)

        arguments = {"reference": reference, "money": asdict(money)}
        return answered(Payment, await self._engine.call("capture_payment", arguments, act, key=key)).shown()

    async def cancel_payment(self, reference: str, *, key: str) -> PaymentSnapshot:
        """The Protocol's."""

        async def act(world: World, _fate: Fate) -> Answer:
            return await acts.cancel_payment(world, reference)

        answer = await self._engine.call("cancel_payment", {"reference": reference}, act, key=key)
        return answered(Payment, answer).shown()

    async def refund(self, reference: str, charge: str, money: Money, *, our_id: UUID, key: str) -> RefundSnapshot:
        """The Protocol's."""

        async def act(world: World, fate: Fate) -> Answer:
            return await acts.refund(
                world, reference, money.amount, money.currency, charge=charge, our_id=our_id, fate=fate
            )

        arguments = {"reference": reference, "charge": charge, "money": asdict(money), "our_id": our_id}
        return answered(Refund, await self._engine.call("refund", arguments, act, key=key)).shown()

    async def get_refund(self, reference: str) -> RefundSnapshot:
        """The Protocol's."""
        return (await self._get("get_refund", Refund, reference)).shown()

    async def find_refund(self, payment_reference: str, our_id: UUID) -> RefundSnapshot | None:
        """The Protocol's."""

        async def find(session: AsyncSession, _now: datetime) -> Refund | None:
            return await queries.find_ours(session, Refund, our_id, parent=payment_reference)

        found = await self._engine.look("find_refund", find)
        return None if found is None else found.shown()

    async def get_dispute(self, reference: str) -> DisputeSnapshot:
        """The Protocol's."""
        return (await self._get("get_dispute", Dispute, reference)).shown()

    async def list_entries(self, since: datetime, cursor: str | None) -> Listing:
        """The Protocol's."""

        async def find(session: AsyncSession, now: datetime) -> Listing:
            rows = await queries.entries(session, since=since, after=_number(cursor), limit=self._page_size + 1)
            ours = self._clock.now()
            shown = [entry.shown(now=now, ours=ours) for _, entry in rows[: self._page_size]]
            return Listing(entries=shown, cursor=self._cursor([number for number, _ in rows]))

        return await self._engine.look("list_entries", find)

    async def list_events(self, since: datetime, cursor: str | None) -> Listing:
        """The Protocol's; lost events too."""

        async def find(session: AsyncSession, _now: datetime) -> Listing:
            rows = await queries.listed(session, since=since, after=_number(cursor), limit=self._page_size + 1)
            shown = [event for _, event in rows[: self._page_size]]
            return Listing(events=shown, cursor=self._cursor([number for number, _ in rows]))

        return await self._engine.look("list_events", find)

    async def get_balance(self) -> Balance:
        """The Protocol's."""

        async def find(session: AsyncSession, now: datetime) -> Balance:
            return await queries.balance(session, now=now)

        return await self._engine.look("get_balance", find)

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """The Protocol's."""
        secret = signing.verify(self._secrets, headers.get(signing.HEADER.lower()), body, now=now)
        return events.read(body, verified_with=secret)

    async def fetch_object(self, event: VerifiedEvent) -> Snapshot | None:
        """The Protocol's."""
        match event.kind:
            case "payment":
                return await self.get_payment(event.object)
            case "refund":
                return await self.get_refund(event.object)
            case "dispute":
                return await self.get_dispute(event.object)
            case _:
                return None

    async def close(self) -> None:
        """Nothing is open."""

    async def _get(self, operation: str, kind: type[S], reference: str) -> S:
        async def find(session: AsyncSession, _now: datetime) -> S | None:
            return await queries.find(session, kind, reference)

        found = await self._engine.look(operation, find)
        if found is None:
            raise Refused("resource_missing")
        return found

    def _cursor(self, numbers: list[int]) -> str | None:
        """The cursor after a page, of whose rows one more than its size was asked for."""
        return str(numbers[self._page_size - 1]) if len(numbers) > self._page_size else None


def _number(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise Refused("invalid_cursor")
    return int(cursor)
