"""Stripe Billing as a `Biller`. Source: https://docs.stripe.com/billing/subscriptions/overview.

Stripe renews and tries again. A look is three calls: the subscription, its invoices, what paid them. Of several calls
that make one change, what fails before anything was changed is NotSent, and what fails after it is Unknown.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from stripe import V1Services

from cleanly.platform.providers.billing import (
    ChangePreview,
    NewSubscription,
    Skill,
    SubscriptionSnapshot,
    Terms,
)
from cleanly.platform.providers.errors import NotSent, NotThere, Refused, Unknown
from cleanly.platform.providers.reading import Json, our_id, reading, within
from cleanly.platform.providers.stripe import billing_bodies as bodies
from cleanly.platform.providers.stripe import billing_snapshots as snapshots
from cleanly.platform.providers.stripe import sheet
from cleanly.platform.providers.stripe.faults import translated
from cleanly.platform.providers.stripe.snapshots import NAME, OUR_ID, identity, money

_PRICES_KNOWN_MAX: Final = 10_000
_LIVE: Final = {"active", "not_started"}
# The bank wants the subscriber's word first (3-D Secure). Which of the names comes depends on where it is noticed.
_MUST_CONFIRM: Final = {
    "authentication_required",
    "invoice_payment_intent_requires_action",
    "subscription_payment_intent_requires_action",
}


class StripeBiller:
    """The billing side of one Stripe account; `client` is the adapter's."""

    name = NAME
    skills = frozenset(Skill)

    def __init__(self, client: V1Services, *, account: str, publishable_key: str, mobile_api_version: str) -> None:
        self._client = client
        self.account = account
        self._publishable_key = publishable_key
        self._mobile_api_version = mobile_api_version
        self._prices: dict[str, UUID] = {}  # ours by Stripe's ids; neither ever changes

    async def create_subscription(self, new: NewSubscription, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`."""
        async with _nothing_changed():
            price = await self._price(new.terms)
        with translated(), reading("a new subscription"):
            body = bodies.new_subscription(new, price)
            made = await self._client.subscriptions.create_async(body, {"idempotency_key": key})
            reference = str(made.id)
        return await self._after(reference)

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """See `Biller`. A trial has a SetupIntent to confirm, for which PaymentSheet is asked another way."""
        with translated(), reading("a subscription's secret"):
            found = await self._client.subscriptions.retrieve_async(reference, bodies.with_secrets())
            it = found.to_dict()
            secrets = {"setupIntentClientSecret": within(it.get("pending_setup_intent"), "client_secret")}
            if it["status"] != "trialing" and within(it["latest_invoice"], "status") == "open":
                secret = within(it["latest_invoice"], "confirmation_secret", "client_secret")
                secrets = {"clientSecret": secret}
            words = {name: str(secret) for name, secret in secrets.items() if secret is not None}
            if not words:
                return {}
            words["publishableKey"] = self._publishable_key
            return words | await sheet.of_customer(self._client, customer, version=self._mobile_api_version)

    async def get_subscription(self, reference: str) -> SubscriptionSnapshot:
        """See `Biller`."""
        return await self._seen(await self._look(reference))

    async def find_subscription(self, our_id: UUID) -> SubscriptionSnapshot | None:
        """See `Biller`. The search lags: a minute as a rule, an hour on a bad day. Look twice."""
        with translated(), reading("a search for a subscription"):
            page = await self._client.subscriptions.search_async(bodies.search(our_id))
            found = [str(one.id) for one in page.data]
        return await self.get_subscription(found[0]) if found else None

    async def preview_change(self, reference: str, terms: Terms, *, at: datetime) -> ChangePreview:
        """See `Biller`."""
        it, price = await self._look(reference), await self._price(terms)
        with translated(), reading("a preview"):
            made = (await self._client.invoices.create_preview_async(bodies.preview(it, price, at))).to_dict()
            return ChangePreview(due=money(max(made["amount_due"], 0), made["currency"]), at=at)

    async def change_subscription(
        self, reference: str, terms: Terms, *, change_id: UUID, at: datetime | None, key: str
    ) -> SubscriptionSnapshot:
        """See `Biller`. Now: paid, refused or waiting; else by a schedule, which a later change takes away again."""
        async with _nothing_changed():
            it, price = await self._look(reference), await self._price(terms)
        if at is None:
            await self._void(it, key=key)
            await self._plan(it, price, terms, key=key)
        else:
            await self._release(it, key=key)
            await self._change(it, price, change_id=change_id, at=at, key=key)
        return await self._after(reference)

    async def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str) -> SubscriptionSnapshot:
        """See `Biller`. An end takes no key: the second one finds nothing to end, and then a look tells."""
        if not at_period_end:
            return await self._end(reference)
        async with _nothing_changed():
            it = await self._look(reference)
        await self._void(it, key=key)
        await self._release(it, key=key)
        with translated():
            body = bodies.end(at_period_end=True)
            await self._client.subscriptions.update_async(reference, body, {"idempotency_key": key})
        return await self._after(reference)

    async def pause_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`. Its periods go on, and are void: what is left of the one that runs does not wait."""
        async with _nothing_changed():
            it = await self._look(reference)
        await self._void(it, key=key)
        await self._release(it, key=key)
        with translated():
            await self._client.subscriptions.update_async(reference, bodies.pause(), {"idempotency_key": key})
        return await self._after(reference)

    async def resume_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`. After a pause that outlasted what was paid a new period begins, and is charged.

        Raises:
            Refused: there is nothing to resume.
        """
        async with _nothing_changed():
            seen = await self.get_subscription(reference)
        if seen.state == "paused":
            is_void = seen.paid_until is None or (seen.period_end is not None and seen.paid_until < seen.period_end)
            # Another body needs another key: the period may have ended since this was asked first.
            body, name = bodies.go_on(anew=is_void), f"{key}:anew" if is_void else key
        elif seen.cancel_at_period_end:
            body, name = bodies.end(at_period_end=False), key
        else:
            raise Refused("nothing_to_resume")
        with translated():
            await self._client.subscriptions.update_async(reference, body, {"idempotency_key": name})
        return await self._after(reference)

    async def _change(self, it: Json, price: str, *, change_id: UUID, at: datetime, key: str) -> None:
        """Paid now, or refused, or waiting for the subscriber's word to the bank; a repetition goes the same way."""
        update, reference = self._client.subscriptions.update_async, str(it["id"])
        try:
            with translated():
                body = bodies.change(it, price, change_id=change_id, at=at)
                await update(reference, body, {"idempotency_key": key})
        except Refused as refusal:
            if not {refusal.code, refusal.decline_code} & _MUST_CONFIRM:
                raise
            with translated():
                await update(reference, bodies.mark(change_id=change_id, at=at), {"idempotency_key": f"{key}:mark"})
                await update(reference, bodies.awaited(it, price, at=at), {"idempotency_key": f"{key}:awaited"})

    async def _look(self, reference: str) -> Json:
        with translated(), reading("a subscription"):
            found = await self._client.subscriptions.retrieve_async(reference, bodies.subscription())
            return found.to_dict()

    async def _seen(self, it: Json) -> SubscriptionSnapshot:
        with translated(), reading("a subscription's invoices"):
            page = (await self._client.invoices.list_async(bodies.invoices(str(it["id"])))).to_dict()["data"]
            prices = {name: await self._ours(name) for name in snapshots.price_names(it, page)}
            intents = await self._intents(str(identity(it["customer"])), page)
            return snapshots.subscription(it, page, prices=prices, intents=intents)

    async def _after(self, reference: str) -> SubscriptionSnapshot:
        """How it stands after a change.

        Raises:
            Unknown: whatever fails here, something may have changed.
        """
        try:
            return await self.get_subscription(reference)
        except (NotSent, Refused) as error:
            raise Unknown(f"changed, but not seen since: {error}") from error

    async def _end(self, reference: str) -> SubscriptionSnapshot:
        try:
            with translated():
                await self._client.subscriptions.cancel_async(reference)
        except NotThere:
            found = await self._after(reference)
            if found.ended_at is None:
                raise
            return found
        return await self._after(reference)

    async def _intents(self, customer: str, invoices: Sequence[Json]) -> Mapping[str, Json]:
        wanted = {name for one in invoices if (name := snapshots.intent_of(one)) is not None}
        if not wanted:
            return {}
        since = min(int(one["created"]) for one in invoices)
        page = (await self._client.payment_intents.list_async(bodies.intents(customer, since))).to_dict()
        found: dict[str, Json] = {str(it["id"]): it for it in page["data"] if it["id"] in wanted}
        for name in wanted - found.keys():  # of a customer who buys much else
            found[name] = (await self._client.payment_intents.retrieve_async(name)).to_dict()
        return found

    async def _price(self, terms: Terms) -> str:
        """Stripe's price for ours, made if need be: once, by its lookup key, or by the call's key before that."""
        with translated(), reading("a price"):
            for price in (await self._client.prices.list_async(bodies.price(terms))).data:
                return str(price.id)
            made = await self._client.prices.create_async(
                bodies.new_price(terms), {"idempotency_key": f"price:{terms.price_id}"}
            )
            return str(made.id)

    async def _ours(self, name: str) -> UUID:
        """Our price behind one of Stripe's.

        Raises:
            ValueError: it is none of ours.
        """
        if name not in self._prices:
            it = (await self._client.prices.retrieve_async(name)).to_dict()
            if (found := our_id(within(it, "metadata", OUR_ID))) is None:
                raise ValueError("billed at a price that is none of ours")
            if len(self._prices) >= _PRICES_KNOWN_MAX:
                self._prices.clear()
            self._prices[name] = found
        return self._prices[name]

    async def _plan(self, it: Json, price: str, terms: Terms, *, key: str) -> None:
        """Another price when the period ends; back to the one that runs: then what was planned is given up."""
        if identity(snapshots.only_item(it)["price"]) == price:
            await self._release(it, key=key)
            return
        with translated(), reading("a schedule"):
            schedule = _schedule(it)
            if schedule is None:
                made = await self._client.subscription_schedules.create_async(
                    bodies.new_schedule(str(it["id"])), {"idempotency_key": f"{key}:schedule"}
                )
                schedule = made.to_dict()
            body = bodies.schedule(schedule, price, terms)
            await self._client.subscription_schedules.update_async(str(schedule["id"]), body, {"idempotency_key": key})

    async def _void(self, it: Json, *, key: str) -> None:
        """Give up what waits for the subscriber: its invoice can't be paid any more, and takes the change along.

        A change at once needs no such call: the one that comes later takes the place of the one before.
        """
        if it.get("pending_update") is not None:
            with translated(), reading("what waits to be confirmed"):
                invoice = str(identity(it["latest_invoice"]))
                await self._client.invoices.void_invoice_async(invoice, None, {"idempotency_key": f"{key}:void"})

    async def _release(self, it: Json, *, key: str) -> None:
        """Give up what is planned for the period's end: while it stands Stripe lets nothing else be changed."""
        if (schedule := _schedule(it)) is not None:
            with translated():
                await self._client.subscription_schedules.release_async(
                    str(schedule["id"]), None, {"idempotency_key": f"{key}:release"}
                )


def _schedule(it: Json) -> Json | None:
    found: Json | None = it.get("schedule")
    return found if within(found, "status") in _LIVE else None


@asynccontextmanager
async def _nothing_changed() -> AsyncGenerator[None, None]:
    """Looks before a change: whatever fails here, nothing was changed."""
    try:
        yield
    except Unknown as error:
        raise NotSent(f"Stripe did not show it: {error}") from error
