"""The sandbox's seller side: accounts, transfers, payouts; and what is played on it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.providers.errors import NotThere
from cleanly.platform.providers.protocol_sellers import (
    AccountSnapshot,
    NewAccount,
    NewPayout,
    NewTransfer,
    OnboardingLink,
    PayoutSnapshot,
    TransferSnapshot,
)
from cleanly.platform.providers.sandbox import payees, queries
from cleanly.platform.providers.sandbox.flows import Act
from cleanly.platform.providers.sandbox.objects import Answer, Done, Stored
from cleanly.platform.providers.sandbox.rules import Fate, fate_of
from cleanly.platform.providers.sandbox.seller_objects import Payout, SellerAccount, Transfer
from cleanly.platform.providers.sandbox.stage import Stage, answered
from cleanly.platform.providers.sandbox.world import World

S = TypeVar("S", bound=Stored)
_LINK_LASTS = timedelta(minutes=5)


class SellerSide(Stage):
    """What the Protocol asks about sellers. `pays_in_one_step`: it pays as PayPal does, without transfers."""

    pays_in_one_step = False

    async def create_account(self, new: NewAccount, *, key: str) -> AccountSnapshot:
        """The Protocol's; active at once, unless its country is `payees.NEEDS_ONBOARDING`."""

        async def act(world: World, _fate: Fate) -> Answer:
            return await payees.open_account(world, new)

        return (await self._do("create_account", SellerAccount, asdict(new), act, key=key)).shown()

    async def find_account(self, our_id: UUID) -> AccountSnapshot | None:
        """The Protocol's."""
        found = await self._find_ours("find_account", SellerAccount, our_id)
        return None if found is None else found.shown()

    async def get_account(self, reference: str) -> AccountSnapshot:
        """The Protocol's."""
        return (await self._get_one("get_account", SellerAccount, reference)).shown()

    async def onboarding_link(self, reference: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """The Protocol's: a page that does not exist; `onboard` plays it."""
        del refresh_url

        async def find(session: AsyncSession, now: datetime) -> datetime | None:
            return None if await queries.find(session, SellerAccount, reference) is None else now

        now = await self._engine.look("onboarding_link", find)
        if now is None:
            raise NotThere("resource_missing")
        return OnboardingLink(url=f"{return_url}#sandbox-{reference}", expires_at=now + _LINK_LASTS)

    async def send_transfer(self, new: NewTransfer, *, key: str) -> TransferSnapshot:
        """The Protocol's; the amount's last two digits choose the fate."""

        async def act(world: World, fate: Fate) -> Answer:
            return await payees.send_transfer(world, new, fate=fate)

        fate = fate_of(new.money.amount)
        return (await self._do("send_transfer", Transfer, asdict(new), act, key=key, fate=fate)).shown()

    async def find_transfer(self, our_id: UUID) -> TransferSnapshot | None:
        """The Protocol's."""
        found = await self._find_ours("find_transfer", Transfer, our_id)
        return None if found is None else found.shown()

    async def reverse_transfer(self, reference: str, *, our_id: UUID, key: str) -> TransferSnapshot:
        """The Protocol's."""

        async def act(world: World, fate: Fate) -> Answer:
            return await payees.reverse_transfer(world, reference, fate=fate)

        arguments = {"reference": reference, "our_id": our_id}
        return (await self._do("reverse_transfer", Transfer, arguments, act, key=key)).shown()

    async def send_payout(self, new: NewPayout, *, key: str) -> PayoutSnapshot:
        """The Protocol's; the amount's last two digits choose the fate."""

        async def act(world: World, fate: Fate) -> Answer:
            return await payees.send_payout(world, new, fate=fate)

        fate = fate_of(new.money.amount)
        return (await self._do("send_payout", Payout, asdict(new), act, key=key, fate=fate)).shown()

    async def cancel_payout(self, reference: str, *, account: str, key: str) -> PayoutSnapshot:
        """The Protocol's: while nobody has claimed it."""

        async def act(world: World, _fate: Fate) -> Answer:
            return await payees.cancel_payout(world, reference)

        arguments = {"reference": reference, "account": account}
        return (await self._do("cancel_payout", Payout, arguments, act, key=key)).shown()

    async def get_payout(self, reference: str, *, account: str) -> PayoutSnapshot:
        """The Protocol's."""
        found = await self._get_one("get_payout", Payout, reference)
        if found.account != account:
            raise NotThere("resource_missing")
        return found.shown()

    async def find_payout(self, our_id: UUID, *, account: str) -> PayoutSnapshot | None:
        """The Protocol's."""

        async def find(session: AsyncSession, _now: datetime) -> Payout | None:
            return await queries.find_ours(session, Payout, our_id, parent=account)

        found = await self._engine.look("find_payout", find)
        return None if found is None else found.shown()

    async def onboard(self, reference: str) -> AccountSnapshot:
        """Play the seller who gives what was asked for. Raises Refused: no such account."""
        changes = {"state": "active", "payouts_enabled": True, "requirements": (), "disabled_reason": None}
        return await self._change(reference, {"last4": "4242"} | changes)

    async def change_destination(self, reference: str, last4: str) -> AccountSnapshot:
        """Play the seller who wants the money elsewhere. Raises Refused: no such account."""

        async def act(world: World) -> Answer:
            return await payees.change_account(world, reference, last4=last4, changed_at=world.now)

        return await self._played(act)

    async def disable_payouts(self, reference: str) -> AccountSnapshot:
        """Play the provider that wants to know more. Raises Refused: no such account."""
        changes = {"state": "restricted", "payouts_enabled": False, "disabled_reason": "requirements.past_due"}
        return await self._change(reference, changes)

    async def enable_payouts(self, reference: str) -> AccountSnapshot:
        """Play the provider that is content again. Raises Refused: no such account."""
        return await self._change(reference, {"state": "active", "payouts_enabled": True, "disabled_reason": None})

    async def _change(self, reference: str, changes: Mapping[str, object]) -> AccountSnapshot:
        async def act(world: World) -> Answer:
            return await payees.change_account(world, reference, **changes)

        return await self._played(act)

    async def _played(self, act: Callable[[World], Awaitable[Answer]]) -> AccountSnapshot:
        done = answered(Done, await self._engine.play(act))
        return await self.get_account(done.object)

    async def _do(
        self,
        operation: str,
        kind: type[S],
        arguments: Mapping[str, Any],
        act: Act,
        *,
        key: str,
        fate: Fate = Fate.PLAIN,
    ) -> S:
        done = answered(Done, await self._engine.call(operation, arguments, act, key=key, fate=fate))
        return await self._get_one(f"{operation}_answer", kind, done.object)

    async def _find_ours(self, operation: str, kind: type[S], our_id: UUID) -> S | None:
        async def find(session: AsyncSession, _now: datetime) -> S | None:
            return await queries.find_ours(session, kind, our_id)

        return await self._engine.look(operation, find)

    async def _get_one(self, operation: str, kind: type[S], reference: str) -> S:
        async def find(session: AsyncSession, _now: datetime) -> S | None:
            return await queries.find(session, kind, reference)

        found = await self._engine.look(operation, find)
        if found is None:
            raise NotThere("resource_missing")
        return found
