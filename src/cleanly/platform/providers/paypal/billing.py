"""PayPal Subscriptions as a `Biller`. Source: https://developer.paypal.com/docs/api/subscriptions/v1/.

PayPal renews and tries again. It changes a plan only with the buyer's consent in its own pages and never at once, and
takes no end back: both are skills that it lacks here. A look is the subscription and its transactions.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cleanly.kernel.clock import Clock
from cleanly.platform.providers.billing import (
    ChangePreview,
    NewSubscription,
    Skill,
    SubscriptionSnapshot,
    Terms,
)
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.paypal import billing_bodies as bodies
from cleanly.platform.providers.paypal import billing_snapshots as snapshots
from cleanly.platform.providers.paypal.client import Client
from cleanly.platform.providers.paypal.settings import PayPalSettings
from cleanly.platform.providers.paypal.snapshots import NAME
from cleanly.platform.providers.reading import Json, reading

SUBSCRIPTIONS: Final = "/v1/billing/subscriptions"
PLANS: Final = "/v1/billing/plans"
PRODUCTS: Final = "/v1/catalogs/products"
_EXISTS: Final = "DUPLICATE_RESOURCE_IDENTIFIER"
_PLANS_KNOWN_MAX: Final = 10_000
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


class PayPalBiller:
    """The billing side of one PayPal account; `client` is the adapter's."""

    name = NAME
    skills = frozenset({Skill.PAUSE})

    def __init__(self, client: Client, settings: PayPalSettings, *, account: str, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self.account = account
        self._clock = clock
        self._plans: dict[str, snapshots.Plan] = {}  # by PayPal's ids; neither ever changes

    async def create_subscription(self, new: NewSubscription, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`. It waits for the buyer's approval."""
        try:
            plan = await self._plan(new.terms, new.trial_days)
        except Unknown as error:
            raise NotSent(f"PayPal did not show the plan: {error}") from error
        body = bodies.new_subscription(new, plan, self._settings)
        made = await self._client.post(SUBSCRIPTIONS, body=body, key=key)
        with reading("a new subscription"):
            reference = str(made["id"])
        return await self._after(reference)

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """See `Biller`."""
        del customer
        it = await self._client.get(SUBSCRIPTIONS, reference)
        with reading("a subscription's links"):
            address = snapshots.approval(it)
            return {} if address is None else {"subscriptionId": str(it["id"]), "approveUrl": address}

    async def get_subscription(self, reference: str) -> SubscriptionSnapshot:
        """See `Biller`."""
        return await self._seen(await self._look(reference))

    async def find_subscription(self, our_id: UUID) -> SubscriptionSnapshot | None:
        """Nothing: PayPal can't be asked so. One whose id never reached us can't be approved, and bills nothing."""
        del our_id
        return None

    async def preview_change(self, reference: str, terms: Terms, *, at: datetime) -> ChangePreview:
        """Refuse: it has not the skill.

        Raises:
            Refused: always.
        """
        del reference, terms, at
        raise Refused("unsupported")

    async def change_subscription(
        self, reference: str, terms: Terms, *, change_id: UUID, at: datetime | None, key: str
    ) -> SubscriptionSnapshot:
        """Refuse: it has not the skill.

        Raises:
            Refused: always.
        """
        del reference, terms, change_id, at, key
        raise Refused("unsupported")

    async def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str) -> SubscriptionSnapshot:
        """See `Biller`. PayPal ends it at once and gives nothing back; until when it is used is for us to say.

        That takes no key, so a look comes first. What nobody has approved can't be ended there, and never begins.
        """
        del key
        it = await self._before(reference)
        if it["status"] in {"ACTIVE", "SUSPENDED"}:
            await self._client.post(SUBSCRIPTIONS, reference, "cancel", body={"reason": "As asked"}, key=None)
        seen = await self._after(reference)
        if at_period_end or seen.ended_at is not None:
            return seen
        return replace(seen, state="canceled", cancel_at_period_end=False, ended_at=self._clock.now())

    async def pause_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`. Its periods go on, and are not billed."""
        del key
        if (await self._before(reference))["status"] == "ACTIVE":
            await self._client.post(SUBSCRIPTIONS, reference, "suspend", body={"reason": "As asked"}, key=None)
        return await self._after(reference)

    async def resume_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`. It is billed again from its next period on."""
        del key
        status = (await self._before(reference))["status"]
        if status == "SUSPENDED":
            await self._client.post(SUBSCRIPTIONS, reference, "activate", body={"reason": "As asked"}, key=None)
        elif status != "ACTIVE":
            raise Refused("nothing_to_resume")
        return await self._after(reference)

    async def _look(self, reference: str) -> Json:
        return await self._client.get(SUBSCRIPTIONS, reference, query={"fields": "last_failed_payment"})

    async def _before(self, reference: str) -> Json:
        """How it stands before a change: whatever fails here, nothing was changed."""
        try:
            it = await self._look(reference)
            with reading("a subscription"):
                it["status"]
        except Unknown as error:
            raise NotSent(f"PayPal did not show the subscription: {error}") from error
        return it

    async def _after(self, reference: str) -> SubscriptionSnapshot:
        """How it stands after a change: whatever fails here, something may have changed."""
        try:
            return await self.get_subscription(reference)
        except (NotSent, Refused) as error:
            raise Unknown(f"changed, but not seen since: {error}") from error

    async def _seen(self, it: Json) -> SubscriptionSnapshot:
        now = self._clock.now()
        with reading("a subscription"):
            name, made_at, status = str(it["plan_id"]), str(it["create_time"]), str(it["status"])
            reference = str(it["id"])
        plan = await self._known(name)
        paid: Json = {}
        if status not in {"APPROVAL_PENDING", "APPROVED"}:
            query = {"start_time": made_at, "end_time": f"{now.astimezone(UTC):{_TIME}}"}
            paid = await self._client.get(SUBSCRIPTIONS, reference, "transactions", query=query)
        with reading("a subscription's transactions"):
            return snapshots.subscription(it, plan, paid.get("transactions") or (), now=now)

    async def _plan(self, terms: Terms, trial_days: int | None) -> str:
        """The plan for a price of ours and its trial, made if need be: once, by its product's list of plans."""
        query = {"product_id": bodies.product_id(terms.price_id), "page_size": "20"}
        mark = bodies.mark(terms.price_id, trial_days)
        found = await self._client.get(PLANS, query=query)
        with reading("a list of plans"):
            for it in found.get("plans") or ():
                if it.get("description") == mark:
                    return str(it["id"])
        try:
            await self._client.post(PRODUCTS, body=bodies.new_product(terms), key=f"product:{terms.price_id}")
        except Refused as refusal:
            if refusal.code != _EXISTS:
                raise
        key = f"plan:{terms.price_id}:{trial_days or 0}"
        made = await self._client.post(PLANS, body=bodies.new_plan(terms, trial_days), key=key)
        with reading("a new plan"):
            return str(made["id"])

    async def _known(self, name: str) -> snapshots.Plan:
        if name not in self._plans:
            it = await self._client.get(PLANS, name)
            with reading("a plan"):
                found = snapshots.plan(it)
            if len(self._plans) >= _PLANS_KNOWN_MAX:
                self._plans.clear()
            self._plans[name] = found
        return self._plans[name]
