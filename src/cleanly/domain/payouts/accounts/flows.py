"""Sellers' accounts across the network: note it, call the provider, apply. Never a transaction on the wire.

The seller's return, the webhook and the payout that is about to leave all go through `refresh`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import chart
from cleanly.domain.payouts.accounts import metrics, queries, rules, service
from cleanly.domain.payouts.accounts.queries import PayoutAccount
from cleanly.domain.payouts.accounts.service import New
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound, Unavailable
from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.mail.service import Mailer
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.errors import (
    NotSent,
    ProviderError,
    ProviderTimeout,
    Refused,
    Unknown,
    UnsupportedByProvider,
    as_answers,
)
from cleanly.platform.providers.protocol_sellers import AccountSnapshot, NewAccount, SellerProvider
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.service import Call, LookAgain

REFRESH_ATTEMPTS_MAX = 5
_CALL_TIME = timedelta(seconds=60)
_LOOKS_APART = timedelta(seconds=2)
_LOOK_SECONDS_MAX = 5
_ONBOARDED = frozenset({"pending", "restricted"})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Noted:
    """A call to make now, and the revision of our row that its answer must still find."""

    call: Call
    revision: int


async def begin(
    context: Context,
    caller: Caller,
    new: New,
    once: OncePerCall,
    *,
    currencies: Sequence[str],
    origin: Origin,
) -> tuple[PayoutAccount, bool]:
    """Our row, and the seller's accounts in the ledger. True: it is new.

    Raises:
        Conflict: there is one with another country or payee.
    """
    account_id = new_id()
    async with context.db.begin() as session:
        started = await once.start(session, account_id)
        account = await service.begin(session, started.resource_id, caller, new, now=context.clock.now(), origin=origin)
    if currencies:
        # In a transaction of their own: a new account's row makes others who want it wait for the commit.
        async with context.db.begin() as session:
            places = [place for one in currencies for place in chart.of_seller(caller.user_id, one)]
            await ledger.open_accounts(session, *places)
    return account, account.id == started.resource_id


async def ensure(context: Context, account: PayoutAccount) -> PayoutAccount:
    """Open the account at the provider, or make sure that it was opened.

    Raises:
        UnsupportedByProvider: definitely refused. ProviderTimeout: in doubt, the same call again. ProviderError.
    """
    if account.reference is not None:
        return account
    provider = context.part(Providers).sellers(account.provider)
    with as_answers():
        found = await _in_doubt(context, provider, account)
    if found is not None:
        return found
    noted = await _note(context, provider, account.id)
    if noted is None:
        raise ProviderTimeout
    if isinstance(noted, PayoutAccount):
        return noted  # somebody else was faster
    new = NewAccount(our_id=account.id, email=account.email or "", country=account.country, payee=account.payee)
    try:
        seen = await provider.create_account(new, key=noted.call.key)
    except Refused as error:
        await _end(context, account.id, noted.call, "refused", error.code)
        details = {"provider": account.provider, "reason": error.code}
        raise UnsupportedByProvider("The provider opens no such account", details=details) from error
    except Unknown as error:
        await _end(context, account.id, noted.call, "unknown", None)
        raise ProviderTimeout from error
    except NotSent as error:
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    metrics.ACCOUNTS.add(1, {"provider": account.provider, "outcome": "opened"})
    return await _settle(context, account.id, seen, noted)


async def _in_doubt(context: Context, provider: SellerProvider, account: PayoutAccount) -> PayoutAccount | None:
    """What a look shows of a call that got no answer, or has had none for a minute; None: nothing, or there is none.

    A provider may repeat its fault under the same key for a day, though the account is there: so the look comes first.
    """
    async with context.db.begin() as session:
        call = await calls.open_call(session, rules.OPERATION, account.id)
    if call is None or (call.state == "started" and context.clock.now() - call.asked_at < _CALL_TIME):
        return None
    seen = await provider.find_account(account.id)
    return None if seen is None else await _settle(context, account.id, seen, Noted(call, account.revision))


async def _note(context: Context, provider: SellerProvider, account_id: UUID) -> Noted | PayoutAccount | None:
    now = context.clock.now()
    async with context.db.begin() as session:
        account = await service.lock(session, account_id)
        if account.reference is not None:
            return account
        call = await calls.begin_call(session, provider, rules.OPERATION, account_id, None, now=now)
        return None if isinstance(call, LookAgain) else Noted(call, account.revision)


async def _end(context: Context, account_id: UUID, call: Call, end: calls.CallEnd, code: str | None) -> None:
    now = context.clock.now()
    async with context.db.begin() as session:
        await service.lock(session, account_id)
        await calls.end_call(session, call.id, end, error_code=code, now=now)
        if end == "refused":
            await service.give_up(session, account_id, now=now)
    metrics.ACCOUNTS.add(1, {"outcome": end})


async def _settle(context: Context, account_id: UUID, seen: AccountSnapshot, noted: Noted) -> PayoutAccount:
    now = context.clock.now()
    async with context.db.begin() as session:
        await service.lock(session, account_id)  # our row before its calls': everywhere in this order
        await calls.end_call(session, noted.call.id, "succeeded", provider_object=seen.reference, now=now)
        applied = await service.apply(session, account_id, seen, revision=noted.revision, now=now)
    if applied is None:
        # The same answer, applied by another who asked at the same time, or news that was faster: it is known there.
        async with context.db.begin() as session:
            return await service.lock(session, account_id)
    return applied


async def refresh(context: Context, account_id: UUID, *, reference: str | None = None) -> PayoutAccount:
    """Look at the provider and apply what it says. `reference`: for news that comes before our row knows it.

    Raises:
        NotFound: no such account, or the provider has not heard of it yet. Unavailable: others keep changing it.
        Refused, Unknown, NotSent: the provider. service.NotThisAccount.
    """
    for _ in range(REFRESH_ATTEMPTS_MAX):
        async with context.db.begin() as session:
            known = await queries.by_id(session, account_id)
        where = reference if known is None or known.reference is None else known.reference
        if known is None or where is None:
            raise NotFound
        seen = await context.part(Providers).sellers(known.provider).get_account(where)
        async with context.db.begin() as session:
            applied = await service.apply(session, account_id, seen, revision=known.revision, now=context.clock.now())
        if applied is not None:
            return applied
    raise Unavailable


async def look(context: Context, account_id: UUID) -> PayoutAccount:
    """As `refresh`: for a payout that is about to leave."""
    return await refresh(context, account_id)


async def look_for_seller(context: Context, account: PayoutAccount) -> PayoutAccount:
    """The seller is back and wants to know: ask the provider, but not more than every 2 s and not longer than 5."""
    now = context.clock.now()
    if account.reference is None or account.state == "disabled":
        return account
    if account.looked_at and now - account.looked_at < _LOOKS_APART:
        return account
    try:
        async with asyncio.timeout(_LOOK_SECONDS_MAX):
            return await refresh(context, account.id)
    except (TimeoutError, Unavailable, Refused, Unknown, NotSent) as error:
        _log.warning("payout_account_look_failed", account=str(account.id), error=type(error).__name__)
        return account


async def onboarding_url(context: Context, account: PayoutAccount) -> str | None:
    """Where the seller gives the provider what it needs, made anew; None where there is nothing to give.

    Never stored, never logged: whoever has it acts for the seller.
    """
    if account.reference is None or account.payee is not None or account.state not in _ONBOARDED:
        return None
    base = context.part(Mailer).link_base.rstrip("/")
    provider = context.part(Providers).sellers(account.provider)
    try:
        link = await provider.onboarding_link(
            account.reference,
            return_url=f"{base}/payouts/onboarded",
            refresh_url=f"{base}/payouts/onboarding",
        )
    except (Refused, Unknown, NotSent) as error:
        # The account stands all the same, and the next look makes another link.
        _log.warning("onboarding_link_failed", account=str(account.id), error=str(error))
        return None
    return link.url


async def change_payee(
    context: Context, account: PayoutAccount, payee: str, *, caller: Caller, origin: Origin
) -> PayoutAccount:
    """Send the seller's money elsewhere from now on.

    Raises:
        UnsupportedByProvider: it is changed in the provider's own pages. ProviderError, ProviderTimeout.
    """
    if account.payee is None:
        raise UnsupportedByProvider("This is changed in the provider's own pages: open `onboardingUrl`")
    provider = context.part(Providers).sellers(account.provider)
    with as_answers():
        seen = await provider.get_account(payee)
    now = context.clock.now()
    async with context.db.begin() as session:
        return await service.change_payee(session, account.id, payee, seen, now=now, caller=caller, origin=origin)
