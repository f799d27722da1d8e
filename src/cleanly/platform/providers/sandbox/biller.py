"""The sandbox as a Biller, and what a test or a person does to its subscriptions besides."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.money import Money
from cleanly.platform.providers.billing import ChangePreview, NewSubscription, Skill, SubscriptionSnapshot, Terms
from cleanly.platform.providers.errors import NotThere
from cleanly.platform.providers.sandbox import queries, subscriptions
from cleanly.platform.providers.sandbox.flows import Act, Engine
from cleanly.platform.providers.sandbox.objects import ACCOUNT, NAME, Answer, Done, Refusal
from cleanly.platform.providers.sandbox.rules import Fate, fate_of
from cleanly.platform.providers.sandbox.subscribed import Plan, Subscription
from cleanly.platform.providers.sandbox.world import World


class SandboxBiller:
    """Subscriptions over the sandbox's machinery; the period's amount chooses the fate, as a payment's does."""

    def __init__(self, engine: Engine) -> None:
        self.name: Final = NAME
        self.account: Final = ACCOUNT
        self.skills: Final = frozenset(Skill)
        self._engine = engine

    async def create_subscription(self, new: NewSubscription, *, key: str) -> SubscriptionSnapshot:
        """The Protocol's."""

        async def act(world: World, fate: Fate) -> Answer:
            return await subscriptions.create(world, new, fate=fate)

        fate = fate_of(new.terms.money.amount)
        return await self._do("create_subscription", asdict(new), act, key=key, fate=fate)

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """The Protocol's; `confirmPath` lets an app play the buyer who pays."""
        found = await self._get("client_parameters", reference)
        if found.awaited is None and found.state not in {"incomplete", "past_due", "unpaid"}:
            return {}
        parameters = {
            "clientSecret": f"{reference}_secret_sandbox",
            "publishableKey": "pk_sandbox",
            "confirmPath": f"/api/v1/sandbox/subscriptions/{reference}/confirm",
        }
        if customer is not None:
            parameters |= {"customer": customer, "ephemeralKey": f"ek_sandbox_{customer}"}
        return parameters

    async def get_subscription(self, reference: str) -> SubscriptionSnapshot:
        """The Protocol's."""
        return (await self._get("get_subscription", reference)).shown()

    async def find_subscription(self, our_id: UUID) -> SubscriptionSnapshot | None:
        """The Protocol's."""

        async def find(session: AsyncSession, _now: datetime) -> Subscription | None:
            return await queries.find_ours(session, Subscription, our_id)

        found = await self._engine.look("find_subscription", find)
        return None if found is None else found.shown()

    async def preview_change(self, reference: str, terms: Terms, *, at: datetime) -> ChangePreview:
        """The Protocol's."""
        found = await self._get("preview_change", reference)
        due = subscriptions.due_for(found, Plan.of(terms), at)
        return ChangePreview(due=Money(due, terms.money.currency), at=at)

    async def change_subscription(
        self, reference: str, terms: Terms, *, change_id: UUID, at: datetime | None, key: str
    ) -> SubscriptionSnapshot:
        """The Protocol's."""

        async def act(world: World, fate: Fate) -> Answer:
            return await subscriptions.change(world, reference, Plan.of(terms), change_id=change_id, at=at, fate=fate)

        arguments = {"reference": reference, "terms": asdict(terms), "change": change_id, "at": at}
        return await self._do("change_subscription", arguments, act, key=key)

    async def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str) -> SubscriptionSnapshot:
        """The Protocol's."""

        async def act(world: World, _fate: Fate) -> Answer:
            return await subscriptions.cancel(world, reference, at_period_end=at_period_end)

        arguments = {"reference": reference, "at_period_end": at_period_end}
        return await self._do("cancel_subscription", arguments, act, key=key)

    async def pause_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """The Protocol's."""

        async def act(world: World, _fate: Fate) -> Answer:
            return await subscriptions.pause(world, reference)

        return await self._do("pause_subscription", {"reference": reference}, act, key=key)

    async def resume_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """The Protocol's."""

        async def act(world: World, _fate: Fate) -> Answer:
            return await subscriptions.resume(world, reference)

        return await self._do("resume_subscription", {"reference": reference}, act, key=key)

    async def confirm(self, reference: str) -> SubscriptionSnapshot:
        """Play the buyer who pays the first period, the one that failed, or the change that waits.

        Raises:
            Refused: there is no such subscription, or it waits for no payment.
        """
        return await self._shown(await self._engine.play(lambda world: subscriptions.confirm(world, reference)))

    async def cancel_in_dashboard(self, reference: str, *, at_period_end: bool) -> SubscriptionSnapshot:
        """Play somebody who ends it without us. Raises Refused as `cancel_subscription`."""

        async def act(world: World) -> Answer:
            return await subscriptions.cancel(world, reference, at_period_end=at_period_end)

        return await self._shown(await self._engine.play(act))

    async def _do(
        self, operation: str, arguments: Mapping[str, object], act: Act, *, key: str, fate: Fate = Fate.PLAIN
    ) -> SubscriptionSnapshot:
        return await self._shown(await self._engine.call(operation, arguments, act, key=key, fate=fate))

    async def _shown(self, answer: Answer) -> SubscriptionSnapshot:
        if isinstance(answer, Refusal):
            raise answer.error()
        if not isinstance(answer, Done):
            raise TypeError(f"expected Done, not {type(answer).__name__}")
        return await self.get_subscription(answer.object)

    async def _get(self, operation: str, reference: str) -> Subscription:
        async def find(session: AsyncSession, _now: datetime) -> Subscription | None:
            return await queries.find(session, Subscription, reference)

        found = await self._engine.look(operation, find)
        if found is None:
            raise NotThere("resource_missing")
        return found
