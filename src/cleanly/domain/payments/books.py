"""The payments' way into the ledger: accounts opened before money comes, lines turned into postings, balances read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import Account, Place, Posting, chart
from cleanly.domain.payments import rules
from cleanly.domain.payments.models import HoldRow, PaymentRow
from cleanly.domain.payments.postings import Lines
from cleanly.domain.payments.rules import SellersPart
from cleanly.kernel.context import Context

_PLATFORM = (chart.SALES, chart.FEES, chart.DISPUTE_SUSPENSE, chart.DISPUTE_LOSS)


async def open_accounts(context: Context, provider: str, seller: UUID | None, currency: str, *, country: str) -> None:
    """Open what a payment may touch, in a transaction of its own; known ones cost nothing."""
    platform = (*_PLATFORM, chart.clearing(provider), chart.tax_payable(country))
    places = [Place(None, account, currency) for account in platform]
    if seller is not None:
        places += chart.of_seller(seller, currency)
    async with context.db.begin() as session:
        await ledger.open_accounts(session, *places)


async def posting(
    session: AsyncSession,
    *,
    reference: str,
    kind: str,
    currency: str,
    lines: Lines,
    source_id: UUID,
    provider_object: str,
) -> Posting:
    """A posting of these lines; `provider_object` is what reconciliation matches on."""
    places = [Place(owner, account, currency) for owner, account in lines]
    ids = await ledger.accounts(session, *places)
    return Posting(
        reference=reference,
        kind=kind,
        currency=currency,
        entries=tuple(zip(ids, lines.values(), strict=True)),
        source_id=source_id,
        meta={"provider_object": provider_object},
    )


@dataclass(frozen=True, slots=True)
class SellersBalances:
    """What a seller has and owes, locked until the transaction ends."""

    available: int
    reserve: int
    receivable: int


async def sellers_balances(session: AsyncSession, seller: UUID | None, currency: str) -> SellersBalances:
    """Read under the ledger's locks: every bounded account that the posting may touch, in one call."""
    if seller is None:
        return SellersBalances(0, 0, 0)
    accounts: tuple[Account, ...] = chart.SELLER
    ids = await ledger.accounts(session, *(Place(seller, account, currency) for account in accounts))
    held = await ledger.lock(session, ids)
    by_account: Mapping[Account, int] = {account: held[one] for account, one in zip(accounts, ids, strict=True)}
    return SellersBalances(by_account[chart.AVAILABLE], by_account[chart.RESERVE], by_account[chart.RECEIVABLE])


async def take_from_seller(session: AsyncSession, payment: PaymentRow, amount: int) -> SellersPart:
    """Where a seller's part comes from, read under the ledger's locks; this payment's hold is lowered by its share."""
    if payment.seller_id is None:
        return SellersPart(0, 0, 0, 0)
    hold = await session.scalar(
        select(HoldRow)
        .where(HoldRow.payment_id == payment.id, HoldRow.kind == "pending", HoldRow.released_at.is_(None))
        .with_for_update()
    )
    held = await sellers_balances(session, payment.seller_id, payment.currency)
    part = rules.taken_from_seller(
        amount, hold_left=hold.remaining if hold else 0, available=held.available, reserve=held.reserve
    )
    if hold is not None:
        hold.remaining -= part.pending
    return part


def net_of(lines: Iterable[Lines], owner: UUID, account: Account) -> int:
    """What these lines put on one account: + debit, - credit."""
    return sum(one.get((owner, account), 0) for one in lines)
