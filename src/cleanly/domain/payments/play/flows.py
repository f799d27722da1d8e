"""One-time purchases in the app: verified at Google, bound to one user, acknowledged, followed, taken back."""

from collections.abc import Mapping
from contextlib import aclosing
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog import service as catalog_writes
from cleanly.domain.catalog.queries import CatalogSettings, PriceForSale
from cleanly.domain.payments import queries
from cleanly.domain.payments import service as payments
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payments.messages import Acknowledge
from cleanly.domain.payments.play import queries as play
from cleanly.domain.payments.play import rules, service
from cleanly.domain.payments.play.errors import OfAnotherUser
from cleanly.domain.payments.queries import Payment
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound, Unavailable, ValidationFailed
from cleanly.kernel.ids import new_id
from cleanly.kernel.messages import Handled, ProviderEvent, Tick
from cleanly.kernel.principal import Caller
from cleanly.platform.cache.service import Cache
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.providers import judging
from cleanly.platform.providers.errors import NotSent, ProviderError, ProviderTimeout, Refused, Unknown
from cleanly.platform.providers.judging import Claim, Denied
from cleanly.platform.providers.purchases import (
    ProductItem,
    ProductPurchase,
    TokenGone,
    TokenUnknown,
    VoidedPurchase,
    voided_since,
)
from cleanly.platform.providers.registry import Providers

PLAY = rules.PROVIDER
REFRESH_ATTEMPTS_MAX = 5
SWEPT = timedelta(days=3)
_log = structlog.get_logger(__name__)


async def claim(
    context: Context, caller: Caller, price_id: UUID, token: str, once: OncePerCall, *, meta: Mapping[str, str]
) -> Payment:
    """Give the caller what was bought with this token, if it is theirs.

    Raises:
        OfAnotherUser: bound to another user, or bought without an account id. ValidationFailed: no such purchase, or
        of something else. InvalidState: it was given back, or used up. NotFound: no such price.
        UnsupportedByProvider, ProviderError, ProviderTimeout.
    """
    store = context.part(Providers).store
    async with context.db.begin() as session:
        started = await once.start(session, new_id())
        known = await queries.by_reference(session, PLAY, store.account, reference=token)
    price = await _price(context, price_id)
    try:
        purchase = await store.get_product(token)
    except (TokenUnknown, TokenGone) as error:
        raise ValidationFailed.of("purchaseToken", "unknown", "Google Play knows no such purchase") from error
    except Unknown as error:
        raise ProviderTimeout from error
    except (NotSent, Refused) as error:
        raise ProviderError from error
    if known is not None:
        return await _again(context, caller, known)
    item = _check(context, caller.user_id, purchase, price_id)
    try:
        return await _bind(context, started.resource_id, caller.user_id, price, purchase=purchase, item=item, meta=meta)
    except IntegrityError:
        # The same purchase, bound a moment ago.
        async with context.db.begin() as session:
            known = await queries.by_reference(session, PLAY, store.account, reference=token)
        if known is None:
            raise
        return await _again(context, caller, known)


async def _again(context: Context, caller: Caller, known: Payment) -> Payment:
    if known.buyer_id != caller.user_id:
        raise OfAnotherUser
    try:
        return await refresh(context, known.id)
    except Unknown as error:
        raise ProviderTimeout from error
    except (NotSent, Refused) as error:
        raise ProviderError from error


async def _price(context: Context, price_id: UUID) -> PriceForSale:
    """A one-time price of the platform's own: Google pays the platform, and tells no money that a seller could get."""
    async with context.db.begin() as session:
        price = await catalog.price_for_sale(session, price_id, context.part(CatalogSettings))
    if price is None:
        raise NotFound
    if price.type != "one_time":
        raise ValidationFailed.of("priceId", "recurring", "This price is for a subscription")
    if price.seller_id is not None:
        raise ValidationFailed.of("priceId", "of_a_seller", "Only the platform's own products are sold at Google Play")
    return price


def _check(context: Context, user_id: UUID, purchase: ProductPurchase, price_id: UUID) -> ProductItem:
    """Refuse what this user may not have; what waits for its payment is bound and waits."""
    providers = context.part(Providers)
    item = rules.item_of(purchase, price_id)
    wanted = Claim(user_id=user_id, owns=providers.store.owns, counts_tests=not providers.is_live)
    sold = () if item is None else (item.product_id,)
    verdict = judging.judge_product(purchase, wanted, sold=sold)
    if isinstance(verdict, Denied):
        _log.warning("play_purchase_denied", reason=verdict.reason)
        match verdict.reason:
            case "of_another_user" | "of_nobody":
                raise OfAnotherUser
            case "test":
                raise ValidationFailed.of("purchaseToken", "test", "Test purchases count for nothing here")
            case "not_sold_here":
                raise ValidationFailed.of("priceId", "other_product", "The purchase is of something else")
            case _:
                raise InvalidState.of("canceled", "The purchase was given back, used up, or never paid")
    if item is None:
        raise ValidationFailed.of("priceId", "other_product", "The purchase is of something else")
    return item


async def _bind(
    context: Context,
    payment_id: UUID,
    user_id: UUID,
    price: PriceForSale,
    *,
    purchase: ProductPurchase,
    item: ProductItem,
    meta: Mapping[str, str],
) -> Payment:
    """One commit: the payment, whose token no other may have, what it entitles to, and the job that tells Google."""
    now = context.clock.now()
    async with context.db.begin() as session:
        await catalog_writes.mark_used(session, price.price_id, now=now)
        await payments.create(
            session,
            payment_id=payment_id,
            buyer_id=user_id,
            price=price,
            quantity=item.quantity,
            provider=PLAY,
            provider_account=context.part(Providers).store.account,
            customer=None,
            capture="automatic",
            meta=meta,
            now=now,
        )
        row = await payments.lock(session, payment_id)
        row.provider_payment_id = purchase.token
        await service.apply(
            session,
            context.part(Cache),
            row,
            purchase,
            item,
            can_be_bought_again=price.access_days is not None,
            now=now,
        )
        return queries.payment_of(row)


async def refresh(context: Context, payment_id: UUID) -> Payment:
    """Look at Google and apply what it says.

    Raises:
        NotFound: no such payment. Unavailable: others keep moving it. Refused, Unknown, NotSent: Google.
    """
    for _ in range(REFRESH_ATTEMPTS_MAX):
        async with context.db.begin() as session:
            known = await payments.known(session, payment_id)
            price = None if known is None else await catalog.access_of(session, known.payment.price_id)
        if known is None or known.payment.reference is None:
            raise NotFound
        try:
            purchase = await context.part(Providers).store.get_product(known.payment.reference)
        except TokenGone:
            return await _let_stand(context, known)  # forgotten there, long after the last that could happen to it
        item = rules.item_of(purchase, known.payment.price_id)
        if item is None:
            return await _let_stand(context, known)
        async with context.db.begin() as session:
            row = await payments.lock(session, payment_id)
            if row.revision != known.revision:
                continue
            again = price is not None and price.days is not None
            await service.apply(
                session,
                context.part(Cache),
                row,
                purchase,
                item,
                can_be_bought_again=again,
                now=context.clock.now(),
            )
            return queries.payment_of(row)
    raise Unavailable


async def _let_stand(context: Context, known: payments.Known) -> Payment:
    """Google tells nothing of it any more: it stays as it is, and the janitor need not ask."""
    async with context.db.begin() as session:
        row = await payments.lock(session, known.payment.id)
        if row.revision == known.revision:
            row.check_at = None
    return known.payment


async def on_purchase(context: Context, event: ProviderEvent) -> Handled:
    """News of a purchase; of one that nobody has claimed yet it is the app that tells us."""
    async with context.db.begin() as session:
        found = await queries.by_reference(session, PLAY, event.account, reference=event.object)
    if found is None:
        return Handled.IGNORED
    await refresh(context, found.id)
    return Handled.DONE


async def acknowledge(context: Context, asked: Acknowledge) -> None:
    """Tell Google that it was granted; after three days without, Google gives the money back.

    What may be used for a time only can be bought again: it is told as used up.

    Raises:
        Refused, Unknown, NotSent: the job comes again.
    """
    async with context.db.begin() as session:
        payment = await queries.by_id(session, asked.payment_id)
        is_due = await play.must_acknowledge(session, asked.payment_id)
        access = None if payment is None else await catalog.access_of(session, payment.price_id)
    if payment is None or payment.reference is None or not is_due:
        return
    store = context.part(Providers).store
    purchase = await store.get_product(payment.reference)
    item = rules.item_of(purchase, payment.price_id)
    again = access is not None and access.days is not None
    if item is not None and rules.must_acknowledge(purchase, item, can_be_bought_again=again):
        tell = store.consume_product if again else store.acknowledge_product
        await tell(payment.reference, item.product_id)
    await refresh(context, payment.id)


async def sweep_voided(context: Context, _tick: Tick) -> None:
    """What Google gave back in the last days."""
    providers = context.part(Providers)
    if not providers.has_store:
        return
    async with aclosing(voided_since(providers.store, context.clock.now() - SWEPT)) as found:
        async for voided in found:
            await _take_back(context, voided)


async def _take_back(context: Context, voided: VoidedPurchase) -> None:
    """As a look shows it, and whole orders whatever it shows."""
    async with context.db.begin() as session:
        found = await queries.by_reference(session, PLAY, context.part(Providers).store.account, reference=voided.token)
    if found is None:
        return
    await refresh(context, found.id)
    if voided.quantity is None:
        async with context.db.begin() as session:
            row = await payments.lock(session, found.id)
            await service.give_back(session, context.part(Cache), row, left=0, now=context.clock.now())


async def look_for_buyer(context: Context, payment: Payment) -> Payment:
    """While Google waits for the money, it is asked; what can't be asked stands as it does."""
    if payment.state != "processing":
        return payment
    try:
        return await refresh(context, payment.id)
    except (Unavailable, Refused, Unknown, NotSent) as error:
        _log.warning("payment_look_failed", payment=str(payment.id), error=type(error).__name__)
        return payment
