"""/payout-accounts: where a seller is paid, and what the provider still wants for it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from cleanly.domain.auth.errors import AccountTemporarilyLocked, ReauthenticationRequired
from cleanly.domain.payouts.accounts import flows, queries, service
from cleanly.domain.payouts.accounts.queries import PayoutAccount, Wanted
from cleanly.domain.payouts.accounts.schemas import (
    DestinationOut,
    PayoutAccountChangeIn,
    PayoutAccountIn,
    PayoutAccountOut,
    PayoutAccountSeen,
    PayoutAccountsOut,
    PayoutAccountsSeen,
)
from cleanly.domain.payouts.accounts.service import New
from cleanly.kernel.errors import Conflict, Forbidden, NotFound
from cleanly.kernel.http import Admin, Ctx, Cursor, From, Limit, Me, Route, refusals
from cleanly.kernel.module import Reauthentication
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.platform.idempotency.errors import OWN
from cleanly.platform.idempotency.http import Once
from cleanly.platform.providers.errors import ProviderError, ProviderTimeout, UnsupportedByProvider
from cleanly.platform.providers.registry import Providers

_LIST = "payout accounts"
_PROVIDER = (UnsupportedByProvider, ProviderError, ProviderTimeout)
router = APIRouter(tags=["payouts"], route_class=Route)
AccountId = Annotated[UUID, Path(alias="id", description="A payout account's id")]
Name = Annotated[Literal["stripe", "paypal", "sandbox"] | None, Query()]


@router.post(
    "/payout-accounts",
    status_code=201,
    response_model=PayoutAccountOut,
    summary="Say where I want to be paid",
    responses={
        200: {"model": PayoutAccountOut, "description": "There is one at this provider: as it stands"},
        **refusals(Conflict, *_PROVIDER, *OWN, signed_in=True, body=True),
    },
)
async def open_payout_account(body: PayoutAccountIn, caller: Me, context: Ctx, origin: From, once: Once) -> Response:
    """One per provider: asked for again, it is answered as it stands (200), with a fresh `onboardingUrl`.

    The first is the default, by which payouts go. One that the provider has closed is replaced by a new one.
    """

    async def complete(stored: bytes) -> bytes:
        kept = PayoutAccountOut.model_validate_json(stored)
        async with context.db.begin() as session:
            account = await queries.by_id(session, kept.id)
        url = None if account is None else await flows.onboarding_url(context, account)
        return kept.model_copy(update={"onboarding_url": url}).model_dump_json(by_alias=True).encode()

    once.completing(complete)
    await once.look(context)
    provider = context.part(Providers).sellers(body.provider)
    new = New(provider.name, provider.account, body.country, body.payee)
    account, is_new = await flows.begin(context, caller, new, once, currencies=body.currencies, origin=origin)
    account = await flows.ensure(context, account)
    if not is_new:
        account = await flows.look_for_seller(context, account)
    shown = _shown(account, await flows.onboarding_url(context, account))
    async with context.db.begin() as session:
        # Whoever has the link acts for the seller: a replay makes another.
        return await once.finish(session, 201 if is_new else 200, shown, kept=_shown(account, None))


@router.get("/payout-accounts", summary="Where I am paid", responses=refusals(signed_in=True))
async def list_payout_accounts(caller: Me, context: Ctx) -> PayoutAccountsOut:
    """At most one per provider, the default first, as last seen. `onboardingUrl` is null here: see `me`."""
    async with context.db.begin() as session:
        found = await queries.of_seller(session, caller.user_id)
    return PayoutAccountsOut(items=[_shown(one, None) for one in found])


@router.get(
    "/payout-accounts/me",
    summary="How far my onboarding is",
    responses=refusals(NotFound, *_PROVIDER, signed_in=True),
)
async def read_my_payout_account(caller: Me, context: Ctx, provider: Name = None) -> PayoutAccountOut:
    """The default account, or the one at `provider`. The provider is asked, at most every two seconds.

    While something is missing, `onboardingUrl` is a fresh link for a single visit: open it at once, never keep it.
    """
    async with context.db.begin() as session:
        found = await queries.of_seller(session, caller.user_id)
    account = next((one for one in found if provider in {None, one.provider}), None)
    if account is None:
        raise NotFound
    account = await flows.look_for_seller(context, await flows.ensure(context, account))
    return _shown(account, await flows.onboarding_url(context, account))


@router.put(
    "/payout-accounts/{id}",
    response_model=PayoutAccountOut,
    summary="Send my money elsewhere",
    responses=refusals(
        NotFound, ReauthenticationRequired, AccountTemporarilyLocked, *_PROVIDER, *OWN, signed_in=True, body=True
    ),
)
async def change_payout_account(  # noqa: PLR0917 - FastAPI calls by name
    account_id: AccountId, body: PayoutAccountChangeIn, caller: Me, context: Ctx, origin: From, once: Once
) -> Response:
    """Another PayPal payee, or another account for payouts. Payouts to a new place rest for some days first.

    A bank account at Stripe is changed in Stripe's own pages.
    """
    await once.look(context)
    async with context.db.begin() as session:
        account = await queries.by_id(session, account_id)
    if account is None or account.seller_id != caller.user_id or account.ended_at is not None:
        raise NotFound
    await context.part(Reauthentication).prove(context, caller, body.current_password, origin=origin)
    if body.payee is not None:
        account = await flows.change_payee(context, account, body.payee, caller=caller, origin=origin)
    async with context.db.begin() as session:
        await once.claim(session)
        if body.is_default:
            now = context.clock.now()
            account = await service.make_default(session, account.id, now=now, caller=caller, origin=origin)
        return await once.answer(session, 200, _shown(account, None))


@router.get(
    "/admin/payout-accounts",
    summary="Sellers' payout accounts",
    responses=refusals(Forbidden, signed_in=True),
)
async def list_sellers_payout_accounts(  # noqa: PLR0917 - FastAPI calls by name
    caller: Admin,
    context: Ctx,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
    status: Annotated[Literal["pending", "enabled", "restricted", "disabled"] | None, Query()] = None,
    provider: Name = None,
    seller: Annotated[UUID | None, Query()] = None,
) -> PayoutAccountsSeen:
    """Newest first, those that were given up too. For admins."""
    del caller
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    wanted = Wanted(state=status, provider=provider, seller_id=seller)
    async with context.db.read() as session:
        found = await queries.page(session, wanted, after=UUID(after[0]) if after else None, limit=limit + 1)
    page = cursors.page(_LIST, found, limit, "id")
    return PayoutAccountsSeen(items=[_seen(one) for one in page.items], next_cursor=page.next_cursor)


@router.get(
    "/admin/payout-accounts/{id}",
    summary="One seller's payout account",
    responses=refusals(Forbidden, NotFound, signed_in=True),
)
async def read_sellers_payout_account(account_id: AccountId, caller: Admin, context: Ctx) -> PayoutAccountSeen:
    """As it was last seen. For admins."""
    del caller
    async with context.db.read() as session:
        account = await queries.by_id(session, account_id)
    if account is None:
        raise NotFound
    return _seen(account)


def _shown(account: PayoutAccount, onboarding_url: str | None) -> PayoutAccountOut:
    hint = account.destination_last4
    return PayoutAccountOut(
        id=account.id,
        provider=account.provider,
        country=account.country,
        status=account.state,
        charges_enabled=account.charges_enabled,
        payouts_enabled=account.payouts_enabled,
        requirements=list(account.requirements),
        disabled_reason=account.disabled_reason,
        destination=None if hint is None else DestinationOut(hint=hint, changed_at=account.destination_changed_at),
        is_default=account.is_default,
        is_verified=account.verified_at is not None,
        onboarding_url=onboarding_url,
        created_at=account.created_at,
        updated_at=account.updated_at,
    )


def _seen(account: PayoutAccount) -> PayoutAccountSeen:
    return PayoutAccountSeen(
        **dict(_shown(account, None)),
        seller_id=account.seller_id,
        provider_account=account.provider_account,
        reference=account.reference,
        looked_at=account.looked_at,
        enabled_at=account.enabled_at,
        ended_at=account.ended_at,
    )
