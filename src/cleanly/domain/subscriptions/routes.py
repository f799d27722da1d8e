"""POST /subscriptions and what can be done with one: look, end, go on, pause, change, list what was paid."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from cleanly.domain.payments.play.errors import OfAnotherUser
from cleanly.domain.subscriptions import flows, queries
from cleanly.domain.subscriptions.changes import flows as changes
from cleanly.domain.subscriptions.changes.rules import Wish
from cleanly.domain.subscriptions.errors import InvalidState
from cleanly.domain.subscriptions.periods import queries as periods
from cleanly.domain.subscriptions.play import flows as play
from cleanly.domain.subscriptions.previews import flows as previews
from cleanly.domain.subscriptions.previews.errors import PreviewOutdated
from cleanly.domain.subscriptions.queries import Subscription
from cleanly.domain.subscriptions.schemas import (
    AmountOut,
    CancelIn,
    ChangeIn,
    ChangeOut,
    PeriodOut,
    PeriodsOut,
    PlayAccountOut,
    PreviewOut,
    SubscriptionIn,
    SubscriptionOut,
    SubscriptionsOut,
)
from cleanly.domain.subscriptions.starting import flows as starting
from cleanly.kernel import errors
from cleanly.kernel.context import Context
from cleanly.kernel.http import Ctx, Cursor, Limit, Me, Route, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.kernel.principal import Caller
from cleanly.platform.idempotency.errors import OWN
from cleanly.platform.idempotency.http import KeyRequired, Once
from cleanly.platform.providers.errors import PaymentDeclined, ProviderError, ProviderTimeout, UnsupportedByProvider
from cleanly.platform.providers.registry import Providers

_LIST = "subscriptions"
_PROVIDER = (PaymentDeclined, ProviderError, ProviderTimeout, UnsupportedByProvider)
router = APIRouter(prefix="/subscriptions", tags=["subscriptions"], route_class=Route)
SubscriptionId = Annotated[UUID, Path(alias="id", description="The subscription's id")]
_ACTS = refusals(errors.NotFound, InvalidState, *_PROVIDER, *OWN, signed_in=True)


def _out(found: Subscription, client: Mapping[str, str]) -> SubscriptionOut:
    facts = found.facts
    return SubscriptionOut(
        id=found.id,
        state=facts.state,
        provider=found.provider,
        plan_group_id=found.plan_group_id,
        product_id=found.product_id,
        price_id=facts.price_id,
        period_start=facts.period_start,
        period_end=facts.period_end,
        paid_until=facts.paid_until,
        trial_end=facts.trial_end,
        cancel_at_period_end=facts.cancel_at_period_end,
        pending_price_id=facts.pending_price_id,
        grace_until=facts.grace_until,
        resumes_at=facts.resumes_at,
        ended_at=facts.ended_at,
        decline_code=facts.decline_code,
        client=dict(client),
        created_at=found.created_at,
        updated_at=found.updated_at,
    )


async def _own(context: Context, subscription_id: UUID, caller: Caller) -> Subscription:
    """The subscription if it is the caller's, or the caller an admin.

    Raises:
        NotFound: another's.
    """
    found = await flows.read(context, subscription_id)
    if not caller.is_admin and found.user_id != caller.user_id:
        raise errors.NotFound
    return found


@router.post(
    "",
    status_code=201,
    response_model=SubscriptionOut,
    summary="Subscribe to a plan",
    dependencies=[KeyRequired],
    responses=refusals(errors.NotFound, errors.Conflict, OfAnotherUser, *_PROVIDER, *OWN, signed_in=True, body=True),
)
async def create_subscription(body: SubscriptionIn, caller: Me, context: Ctx, once: Once) -> Response:
    """One live subscription per group of plans: a second is refused with the first one's id.

    `client` holds what the provider's SDK on the phone needs for the first payment. With `google_play` the app has
    paid already: the purchase is looked at, bound to the caller and acknowledged.
    """

    async def complete(stored: bytes) -> bytes:
        kept = SubscriptionOut.model_validate_json(stored)
        found = await _own(context, kept.id, caller)
        client = await flows.client_parameters(context, found, caller)
        return kept.model_copy(update={"client": dict(client)}).model_dump_json(by_alias=True).encode()

    once.completing(complete)
    await once.look(context)
    if body.purchase_token is not None:
        found = await play.claim(context, caller, body.price_id, body.purchase_token, once)
    else:
        found = await starting.begin(context, caller, body.price_id, body.provider, once)
        found = await starting.send(context, found)
    client = await flows.client_parameters(context, found, caller)
    async with context.db.begin() as session:
        # What the SDK needs is never stored: a replay asks the provider for it anew.
        return await once.finish(session, 201, _out(found, client), kept=_out(found, {}))


@router.get("", summary="My subscriptions", responses=refusals(signed_in=True))
async def list_subscriptions(
    caller: Me, context: Ctx, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> SubscriptionsOut:
    """Newest first, those that are over too."""
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    async with context.db.read() as session:
        found = await queries.of_user(session, caller.user_id, after=UUID(after[0]) if after else None, limit=limit + 1)
    page = cursors.page(_LIST, found, limit, "id")
    return SubscriptionsOut(items=[_out(one, {}) for one in page.items], next_cursor=page.next_cursor)


@router.get(
    "/google-play-account",
    summary="Who I am at Google Play",
    responses=refusals(UnsupportedByProvider, signed_in=True),
)
async def read_play_account(caller: Me, context: Ctx) -> PlayAccountOut:
    """The obfuscated account id that the app hands to Google Play; a purchase without it is refused here."""
    return PlayAccountOut(obfuscated_account_id=context.part(Providers).store.account_id(caller.user_id))


@router.get(
    "/{id}",
    summary="Look at a subscription",
    responses=refusals(errors.NotFound, ProviderError, ProviderTimeout, signed_in=True),
)
async def read_subscription(subscription_id: SubscriptionId, caller: Me, context: Ctx) -> SubscriptionOut:
    """The caller's own. While its first payment waits, the provider is asked (at most every two seconds)."""
    found = await flows.look_for_subscriber(context, await _own(context, subscription_id, caller))
    return _out(found, await flows.client_parameters(context, found, caller))


@router.get(
    "/{id}/periods", summary="What was paid for a subscription", responses=refusals(errors.NotFound, signed_in=True)
)
async def list_periods(
    subscription_id: SubscriptionId, caller: Me, context: Ctx, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> PeriodsOut:
    """Invoices that were paid, newest first; each leads to its payment, and so to its refunds."""
    place, cursors = f"periods of {subscription_id}", context.part(Cursors)
    after = cursors.read(place, cursor)
    await _own(context, subscription_id, caller)
    async with context.db.read() as session:
        found = await periods.of_subscription(
            session, subscription_id, after=UUID(after[0]) if after else None, limit=limit + 1
        )
    page = cursors.page(place, found, limit, "id")
    return PeriodsOut(items=[_period(one) for one in page.items], next_cursor=page.next_cursor)


def _period(one: periods.Period) -> PeriodOut:
    return PeriodOut.model_validate(
        {
            "id": one.id,
            "kind": one.kind,
            "price_id": one.price_id,
            "period_start": one.starts_at,
            "period_end": one.ends_at,
            "amount": AmountOut(amount=one.money.amount, currency=one.money.currency),
            "payment_id": one.payment_id,
            "given_back_at": one.given_back_at,
            "paid_at": one.created_at,
        }
    )


async def _act(context: Context, caller: Caller, once: Once, subscription_id: UUID, wish: Wish) -> Response:
    await once.look(context)
    found = await _own(context, subscription_id, caller)
    async with context.db.begin() as session:
        await once.start(session, found.id)
    found = await changes.ask(context, found, wish)
    async with context.db.begin() as session:
        return await once.finish(session, 200, _out(found, {}))


@router.post(
    "/{id}/cancel",
    response_model=SubscriptionOut,
    summary="End a subscription",
    dependencies=[KeyRequired],
    responses=refusals(errors.NotFound, InvalidState, *_PROVIDER, *OWN, signed_in=True, body=True),
)
async def cancel_subscription(
    subscription_id: SubscriptionId, caller: Me, context: Ctx, once: Once, body: CancelIn | None = None
) -> Response:
    """When what is paid is used up, or now. Until then it can be resumed."""
    later = (body or CancelIn()).at_period_end
    wish = Wish(kind="cancel_at_period_end" if later else "cancel")
    return await _act(context, caller, once, subscription_id, wish)


@router.post(
    "/{id}/resume",
    response_model=SubscriptionOut,
    summary="Go on with a subscription",
    dependencies=[KeyRequired],
    responses=_ACTS,
)
async def resume_subscription(subscription_id: SubscriptionId, caller: Me, context: Ctx, once: Once) -> Response:
    """After a pause, or before it ends: it is renewed after all."""
    return await _act(context, caller, once, subscription_id, Wish(kind="resume"))


@router.post(
    "/{id}/pause",
    response_model=SubscriptionOut,
    summary="Let a subscription rest",
    dependencies=[KeyRequired],
    responses=_ACTS,
)
async def pause_subscription(subscription_id: SubscriptionId, caller: Me, context: Ctx, once: Once) -> Response:
    """Nothing is billed and nothing may be used until it is resumed. Not every provider can."""
    return await _act(context, caller, once, subscription_id, Wish(kind="pause"))


@router.post(
    "/{id}/change",
    response_model=ChangeOut,
    summary="Change the plan of a subscription",
    dependencies=[KeyRequired],
    responses=refusals(errors.NotFound, InvalidState, PreviewOutdated, *_PROVIDER, *OWN, signed_in=True, body=True),
)
async def change_subscription(
    body: ChangeIn, subscription_id: SubscriptionId, caller: Me, context: Ctx, once: Once
) -> Response:
    """First look what it costs, then accept exactly that. A dearer plan holds at once, a cheaper one with the period.

    409 CONFLICT when the change would be another one by now; `details.preview` is what it would be. Where the bank asks
    the subscriber first, the plan is still the old one and `subscription.client` says what to confirm in the app.
    """

    async def complete(stored: bytes) -> bytes:
        kept = ChangeOut.model_validate_json(stored)
        if kept.subscription is not None:
            one = await _own(context, kept.subscription.id, caller)
            client = dict(await flows.client_parameters(context, one, caller))
            kept = ChangeOut(preview=None, subscription=kept.subscription.model_copy(update={"client": client}))
        return kept.model_dump_json(by_alias=True).encode()

    once.completing(complete)
    await once.look(context)
    found = await _own(context, subscription_id, caller)
    async with context.db.begin() as session:
        await once.start(session, found.id)
    if body.preview_token is None:
        if body.price_id is None:
            raise errors.ValidationFailed.of("priceId", "missing", "Name the plan that is wanted")
        shown = PreviewOut.model_validate(previews.as_details(await previews.preview(context, found, body.price_id)))
        made = kept = ChangeOut(preview=shown, subscription=None)
    else:
        found = await previews.accept(context, found, body.preview_token)
        client = await flows.client_parameters(context, found, caller)
        made = ChangeOut(preview=None, subscription=_out(found, client))
        kept = ChangeOut(preview=None, subscription=_out(found, {}))
    async with context.db.begin() as session:
        return await once.finish(session, 200, made, kept=kept)
