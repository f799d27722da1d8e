"""Begin a subscription: what is refused first, our row, then the provider; a try that died is taken up again."""

from dataclasses import dataclass
from uuid import UUID

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog import service as catalog_writes
from cleanly.domain.catalog.queries import CatalogSettings, PriceForSale
from cleanly.domain.payments.billed import service as payments
from cleanly.domain.subscriptions import flows, queries, rules, service
from cleanly.domain.subscriptions.errors import already_subscribed
from cleanly.domain.subscriptions.queries import Subscription
from cleanly.domain.users import queries as users
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Conflict, NotFound, ValidationFailed
from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Caller
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.billing import Biller, NewSubscription, Terms
from cleanly.platform.providers.errors import (
    NotSent,
    PaymentDeclined,
    ProviderError,
    ProviderTimeout,
    Refused,
    Unknown,
    as_answers,
)
from cleanly.platform.providers.protocol import Capability
from cleanly.platform.providers.registry import Providers


@dataclass(frozen=True, slots=True)
class Plan:
    """A price that is a plan, with what is always there."""

    price: PriceForSale
    group_id: UUID
    terms: Terms


async def plan(context: Context, price_id: UUID, *, buyer: UUID | None, is_on_offer: bool = True) -> Plan:
    """A recurring price. `buyer`: who wants it. `is_on_offer`: whether it must still be for sale.

    Raises:
        NotFound: no such price for sale. ValidationFailed: a one-time price, or one's own plan.
    """
    async with context.db.begin() as session:
        price = await catalog.price_for_sale(session, price_id, context.part(CatalogSettings))
    if price is None or (is_on_offer and not price.active):
        raise NotFound
    if price.plan_group_id is None or price.interval is None or price.interval_count is None:
        raise ValidationFailed.of("priceId", "one_time", "This price is for a purchase, not for a subscription")
    if price.seller_id is not None and price.seller_id == buyer:
        raise ValidationFailed.of("priceId", "own_product", "A seller can't subscribe to their own plan")
    terms = Terms(
        price_id=price.price_id,
        money=price.money,
        interval=price.interval,
        interval_count=price.interval_count,
        name=price.product_name,
    )
    return Plan(price, price.plan_group_id, terms)


async def begin(context: Context, caller: Caller, price_id: UUID, provider: str, once: OncePerCall) -> Subscription:
    """Our row under the idempotency record; one that waits for its first payment at this price is handed out again.

    Raises:
        Conflict: the user has another live one in this group. As `plan`; UnsupportedByProvider.
    """
    biller = context.part(Providers).biller(provider)
    async with context.db.begin() as session:
        started = await once.start(session, new_id())
        found = await queries.by_id(session, started.resource_id)
    if found is not None:
        return found
    wanted = await plan(context, price_id, buyer=caller.user_id)
    await payments.open_accounts(context, provider, wanted.price.seller_id, wanted.price.money.currency)
    now = context.clock.now()
    async with context.db.begin() as session:
        await catalog_writes.mark_used(session, price_id, now=now)
        # A trial is for those who have never had a plan of the group.
        had_one = await queries.has_had(session, caller.user_id, wanted.group_id)
        made = await service.create(
            session,
            subscription_id=started.resource_id,
            user_id=caller.user_id,
            price=wanted.price,
            plan_group_id=wanted.group_id,
            provider=biller.name,
            provider_account=biller.account,
            customer=None,
            trial_days=None if had_one else wanted.price.trial_days,
            now=now,
        )
        live = None if made else await queries.live_of(session, caller.user_id, wanted.group_id)
    if made is not None:
        return made
    if live is None:
        raise Conflict  # it ended between two statements: the same call again succeeds
    # While the first click still speaks with the provider the second must not.
    is_busy = live.reference is None and now - live.created_at < rules.CALL_TIME
    if live.state == "incomplete" and (live.price_id, live.provider) == (price_id, provider) and not is_busy:
        return live
    raise already_subscribed(live.id)


async def send(context: Context, found: Subscription) -> Subscription:
    """Make it at the provider, or make sure that it was made, and apply the answer.

    Raises:
        PaymentDeclined: definitely refused. ProviderTimeout: in doubt, the janitor settles it. ProviderError.
    """
    if found.reference is None and context.clock.now() - found.created_at >= rules.CALL_TIME:
        with as_answers():
            found = await flows.refresh(context, found.id)
    if found.state == "expired" and found.reference is None:
        raise PaymentDeclined(details={"declineCode": found.facts.decline_code or "declined"})
    if found.reference is not None or found.state != "incomplete":
        return found
    return await _create(context, found)


async def _create(context: Context, found: Subscription) -> Subscription:
    biller = context.part(Providers).biller(found.provider)
    found = await _with_customer(context, found, biller)
    async with context.db.begin() as session:
        price = await catalog.price_for_sale(session, found.price_id, context.part(CatalogSettings))
    if price is None or price.interval is None or price.interval_count is None:
        raise NotFound
    terms = Terms(
        price_id=price.price_id,
        money=price.money,
        interval=price.interval,
        interval_count=price.interval_count,
        name=price.product_name,
    )
    noted = await flows.note(context, found, "subscribe", found.id, price.money)
    if noted is None:
        raise ProviderTimeout
    new = NewSubscription(our_id=found.id, customer=found.customer, terms=terms, trial_days=found.trial_days)
    try:
        seen = await biller.create_subscription(new, key=noted.call.key)
    except Refused as error:
        now = context.clock.now()
        async with context.db.begin() as session:
            row = await service.lock(session, found.id)
            row.decline_code = error.decline_code or error.code
            await calls.end_call(session, noted.call.id, "refused", now=now, error_code=error.code)
            await service.end(session, context, found.id, "expired", now=now)
        raise PaymentDeclined(details={"declineCode": error.decline_code or error.code}) from error
    except Unknown as error:
        await flows.doubted(context, found.id, noted)
        raise ProviderTimeout from error
    except NotSent as error:
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    with as_answers():
        return await flows.settle(context, found.id, seen, noted)


async def _with_customer(context: Context, found: Subscription, biller: Biller) -> Subscription:
    """With the buyer's id there, made if need be. After our row: of two clicks only one comes here."""
    provider = context.part(Providers).get(biller.name)
    if found.customer is not None or Capability.CUSTOMERS not in provider.capabilities:
        return found
    async with context.db.begin() as session:
        customer = await payments.customer_of(session, found.user_id, biller.name, biller.account)
        buyer = await users.by_id(session, found.user_id)
    if buyer is None:
        raise NotFound
    if customer is None:
        with as_answers():
            customer = await provider.ensure_customer(found.user_id, buyer.email, key=f"customer:{found.user_id}")
    async with context.db.begin() as session:
        now = context.clock.now()
        await payments.remember_customer(session, found.user_id, biller.name, biller.account, customer, now=now)
        row = await service.lock(session, found.id)
        # Part of the call's arguments: once it was asked with one, it stays.
        row.provider_customer = row.provider_customer or customer
        return queries.subscription_of(row)
