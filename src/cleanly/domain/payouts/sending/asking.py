"""A seller, or a schedule, asks for a payout, inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payouts.accounts import queries as accounts
from cleanly.domain.payouts.accounts.queries import PayoutAccount
from cleanly.domain.payouts.sending import service
from cleanly.domain.payouts.sending.queries import Payout
from cleanly.domain.payouts.settings import PayoutSettings
from cleanly.kernel.context import Context
from cleanly.kernel.errors import ValidationFailed
from cleanly.kernel.money import Money
from cleanly.platform.providers.currencies import TABLES, NotExact
from cleanly.platform.providers.protocol import Capability
from cleanly.platform.providers.registry import Providers


async def destination(session: AsyncSession, seller_id: UUID, provider: str | None = None) -> PayoutAccount | None:
    """Where a seller is paid now: the default account, or the one at this provider; None: nowhere yet."""
    for account in await accounts.of_seller(session, seller_id):
        is_wanted = provider is None or account.provider == provider
        if is_wanted and account.payouts_enabled and account.state == "enabled" and account.reference is not None:
            return account
    return None


async def by_seller(
    session: AsyncSession, context: Context, seller_id: UUID, money: Money, *, provider: str | None
) -> Payout:
    """What POST /payouts does. Posts to the ledger as its last statement.

    Raises:
        InvalidState: nowhere to pay to. ValidationFailed: the provider can't pay exactly this. PayoutOpen.
        InsufficientBalance.
    """
    account = await destination(session, seller_id, provider)
    if account is None:
        raise InvalidState.of("no_destination", "There is no account yet that can be paid to")
    payable = payable_of(account.provider, money)
    if payable != money:
        raise ValidationFailed.of("amount", "not_payable", f"The nearest amount that can be paid is {payable.amount}")
    payout, posting = await _request(session, context, account, money, is_scheduled=False, now=context.clock.now())
    await ledger.post(session, posting)
    return payout


async def scheduled(
    session: AsyncSession, context: Context, account: PayoutAccount, money: Money, *, now: datetime
) -> tuple[Payout, ledger.Posting]:
    """One of a schedule's payouts, which the caller posts together with the others.

    Raises:
        PayoutOpen: another is not over.
    """
    return await _request(session, context, account, money, is_scheduled=True, now=now)


def payable_of(provider: str, money: Money) -> Money:
    """What of an amount the provider can pay; the remainder stays available. Nothing, if it doesn't know the currency.

    Raises:
        ValueError: a negative amount.
    """
    try:
        return TABLES[provider].payable(money)[0]
    except NotExact:
        return Money(0, money.currency)


async def _request(
    session: AsyncSession, context: Context, account: PayoutAccount, money: Money, *, is_scheduled: bool, now: datetime
) -> tuple[Payout, ledger.Posting]:
    capabilities = context.part(Providers).sellers(account.provider).capabilities
    return await service.request(
        session,
        account,
        money,
        is_scheduled=is_scheduled,
        is_two_step=Capability.TRANSFERS in capabilities,
        now=now,
        settings=context.part(PayoutSettings),
    )
