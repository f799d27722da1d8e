"""Purchases in the app: claimed by the user who bought, acknowledged once granted, taken back when Google says so."""

from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from cleanly.domain.payments.play import queries as bought
from cleanly.domain.payments.play.errors import OfAnotherUser
from cleanly.domain.subscriptions import flows, metrics, queries, service
from cleanly.domain.subscriptions.errors import InvalidState, already_subscribed
from cleanly.domain.subscriptions.messages import Acknowledge
from cleanly.domain.subscriptions.play import rules
from cleanly.domain.subscriptions.queries import Subscription
from cleanly.domain.subscriptions.service import PLAY
from cleanly.domain.subscriptions.starting.flows import Plan, plan
from cleanly.kernel.context import Context
from cleanly.kernel.crypto import sha256
from cleanly.kernel.errors import Conflict, NotFound, ValidationFailed
from cleanly.kernel.ids import new_id
from cleanly.kernel.messages import Handled, Tick
from cleanly.kernel.principal import Caller
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.providers import judging
from cleanly.platform.providers.errors import NotSent, ProviderError, ProviderTimeout, Refused, Unknown, as_answers
from cleanly.platform.providers.judging import Claim, Denied
from cleanly.platform.providers.purchases import (
    SubscriptionPurchase,
    TokenGone,
    TokenUnknown,
    VoidedPurchase,
    voided_since,
)
from cleanly.platform.providers.registry import Providers

ALARM_AFTER = timedelta(hours=24)
SWEPT = timedelta(days=3)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """What our rows say of a purchase: the row of this token, and of the one that it takes the place of."""

    own: Subscription | None
    linked: Subscription | None

    @property
    def bound_to(self) -> UUID | None:
        """The user whom it is bound to already."""
        if self.own is not None:
            return self.own.user_id
        return None if self.linked is None else self.linked.user_id


async def claim(context: Context, caller: Caller, price_id: UUID, token: str, once: OncePerCall) -> Subscription:
    """Give the caller what was bought with this token, if it is theirs.

    Raises:
        OfAnotherUser: bound to another user, or bought without an account id. ValidationFailed: no such purchase, or
        of another plan. Conflict: the caller has a live one in this group. InvalidState: it is over.
        UnsupportedByProvider, ProviderError, ProviderTimeout.
    """
    store = context.part(Providers).store
    async with context.db.begin() as session:
        started = await once.start(session, new_id())
    wanted = await plan(context, price_id, buyer=caller.user_id, is_on_offer=False)
    try:
        purchase = await store.get_subscription(token)
    except (TokenUnknown, TokenGone) as error:
        raise ValidationFailed.of("purchaseToken", "unknown", "Google Play knows no such purchase") from error
    except Unknown as error:
        raise ProviderTimeout from error
    except (NotSent, Refused) as error:
        raise ProviderError from error
    known = await _known(context, purchase)
    _check(context, caller.user_id, purchase, known, price_id)
    if known.own is not None:
        with as_answers():
            return await flows.refresh(context, known.own.id)
    made = await _bind(context, started.resource_id, caller.user_id, wanted, purchase=purchase, known=known)
    if made is not None:
        return made
    return await _rival(context, caller.user_id, wanted, token)


async def _rival(context: Context, user_id: UUID, wanted: Plan, token: str) -> Subscription:
    """What an index kept us from making: the same purchase, bound a moment ago, or another live subscription."""
    async with context.db.begin() as session:
        same = await queries.by_reference(session, PLAY, context.part(Providers).store.account, token)
        live = await queries.live_of(session, user_id, wanted.group_id)
    if same is not None:
        if same.user_id != user_id:
            raise OfAnotherUser
        return same
    raise Conflict if live is None else already_subscribed(live.id)


def _check(
    context: Context, user_id: UUID, purchase: SubscriptionPurchase, known: _Known, price_id: UUID | None
) -> None:
    """Refuse what this user may not have; what waits for its first payment is bound and waits."""
    providers = context.part(Providers)
    wanted = Claim(
        user_id=user_id,
        owns=providers.store.owns,
        bound_to=known.bound_to,
        counts_tests=not providers.is_live,
    )
    sold = {
        (item.product_id, item.base_plan)
        for item in purchase.items
        if (found := rules.price_of(item)) is not None and (price_id is None or found == price_id)
    }
    verdict = judging.judge_subscription(purchase, wanted, sold=sold, now=context.clock.now())
    if not isinstance(verdict, Denied):
        return
    _log.warning("play_purchase_denied", reason=verdict.reason)
    match verdict.reason:
        case "of_another_user" | "of_nobody":
            raise OfAnotherUser
        case "not_sold_here":
            raise ValidationFailed.of("priceId", "other_plan", "The purchase is of another plan")
        case "test":
            raise ValidationFailed.of("purchaseToken", "test", "Test purchases count for nothing here")
        case _:
            raise InvalidState.of(purchase.state, "The purchase is over, or was never paid")


async def _known(context: Context, purchase: SubscriptionPurchase) -> _Known:
    account = context.part(Providers).store.account
    async with context.db.begin() as session:
        own = await queries.by_reference(session, PLAY, account, purchase.token)
        before = purchase.linked_token or purchase.expired_token
        linked = None if before is None else await queries.by_reference(session, PLAY, account, before)
    return _Known(own, linked)


async def _bind(
    context: Context,
    subscription_id: UUID,
    user_id: UUID,
    wanted: Plan,
    *,
    purchase: SubscriptionPurchase,
    known: _Known,
) -> Subscription | None:
    """One commit: the purchase before it ends, with its entitlements and its place; this one is the user's."""
    now = context.clock.now()
    async with context.db.begin() as session:
        if known.linked is not None:
            await service.end(session, context, known.linked.id, "canceled", now=now)
        made = await service.create(
            session,
            subscription_id=subscription_id,
            user_id=user_id,
            price=wanted.price,
            plan_group_id=wanted.group_id,
            provider=PLAY,
            provider_account=context.part(Providers).store.account,
            customer=None,
            trial_days=None,
            now=now,
            reference=purchase.token,
            token_sha256=sha256(purchase.token.encode()),
        )
        if made is None:
            return None
        seen = rules.shown(purchase, wanted.price.price_id)
        applied = await service.apply(session, context, made.id, seen, revision=made.revision, now=now)
    return made if applied is None else applied.subscription


async def adopt(context: Context, token: str) -> Handled:
    """News of a purchase that nobody has claimed yet: one that follows a purchase of ours belongs to the same user."""
    try:
        purchase = await context.part(Providers).store.get_subscription(token)
    except (TokenUnknown, TokenGone):
        return Handled.IGNORED
    known = await _known(context, purchase)
    price_id = rules.price_of(purchase.current)
    if known.linked is None or price_id is None:
        return Handled.IGNORED  # the app claims it, or nobody does
    try:
        _check(context, known.linked.user_id, purchase, known, price_id)
        wanted = await plan(context, price_id, buyer=None, is_on_offer=False)
    except (OfAnotherUser, ValidationFailed, InvalidState, NotFound):
        return Handled.IGNORED
    made = await _bind(context, new_id(), known.linked.user_id, wanted, purchase=purchase, known=known)
    return Handled.MISSING_PARENT if made is None else Handled.DONE


async def acknowledge(context: Context, asked: Acknowledge) -> None:
    """Tell Google that it was granted; after three days without, Google gives the money back.

    Raises:
        Refused, Unknown, NotSent: the job comes again.
    """
    found = await flows.read(context, asked.subscription_id)
    if not found.must_acknowledge or found.reference is None:
        return
    store = context.part(Providers).store
    purchase = await store.get_subscription(found.reference)
    item = purchase.current
    if not purchase.is_acknowledged and item is not None:
        account_id = store.account_id(found.user_id) if purchase.account_id is None else None
        await store.acknowledge_subscription(found.reference, item.product_id, account_id=account_id)
    await flows.refresh(context, found.id)


async def sweep_voided(context: Context, _tick: Tick) -> None:
    """What Google gave back in the last days: a subscription whose newest order it was is over."""
    providers = context.part(Providers)
    if not providers.has_store:
        return
    async with aclosing(voided_since(providers.store, context.clock.now() - SWEPT)) as found:
        async for voided in found:
            await _take_back(context, voided)


async def _take_back(context: Context, voided: VoidedPurchase) -> None:
    async with context.db.begin() as session:
        found = await queries.by_reference(session, PLAY, context.part(Providers).store.account, voided.token)
    if found is None or found.facts.ended_at is not None:
        return
    looked = await flows.refresh(context, found.id)
    try:
        purchase = await context.part(Providers).store.get_subscription(voided.token)
    except TokenGone:
        return  # the look has ended it
    if looked.facts.ended_at is not None or purchase.order_id != voided.order_id:
        return
    async with context.db.begin() as session:
        await service.end(session, context, found.id, "canceled", now=context.clock.now())


async def measure(context: Context, _tick: Tick) -> None:
    """How long the oldest purchase waits to be acknowledged; an alarm after a day."""
    async with context.db.begin() as session:
        found = [await queries.oldest_unacknowledged(session), await bought.oldest_unacknowledged(session)]
    now = context.clock.now()
    waits = max((now - oldest for oldest in found if oldest is not None), default=timedelta(0))
    metrics.UNACKNOWLEDGED.set(waits.total_seconds())
    if waits >= ALARM_AFTER:
        _log.error("play_purchase_unacknowledged", seconds=int(waits.total_seconds()))
