"""The payments' way into the ledger: accounts opened before money comes, lines turned into postings, balances read."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import Account, Place, Posting, chart
from cleanly.domain.payments import rules
from cleanly.domain.payments.holds import service as holds
from cleanly.domain.payments.models import PaymentRow
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
    payment: PaymentRow,
) -> Posting:
    """A posting of these lines; `provider_object` is what reconciliation matches on.

    What it was for goes with it: a seller's history reads the books and nothing else.
    """
    places = [Place(owner, account, currency) for owner, account in lines]
    ids = await ledger.accounts(session, *places)
    return Posting(
        reference=reference,
        kind=kind,
        currency=currency,
        entries=tuple(zip(ids, lines.values(), strict=True)),
        source_id=source_id,
        meta={"provider_object": provider_object, "payment": str(payment.id), "label": payment.description},
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


async def lock_holds(session: AsyncSession, payment: PaymentRow, at_most: int) -> None:
    """Before `sellers_balances` where `take_from_seller` may follow: holds are locked before balances, everywhere."""
    if payment.seller_id is None:
        return
    own = await holds.lock_own(session, payment.id)
    await holds.lock_reserve(session, payment.seller_id, payment.currency, at_most - (own.remaining if own else 0))


async def take_from_seller(
    session: AsyncSession, payment: PaymentRow, amount: int, *, before: Collection[Lines] = ()
) -> SellersPart:
    """Where a seller's part comes from, read under the ledger's locks; the holds are lowered by their shares.

    `before`: what the same call posts first, which is not in the balances yet.
    """
    if payment.seller_id is None:
        return SellersPart(0, 0, 0, 0)
    own = await holds.lock_own(session, payment.id)
    hold_left = own.remaining if own else 0
    # Locked before the balances, so it can't be known yet how much of it is needed: at most what the hold lacks.
    reserve = await holds.lock_reserve(session, payment.seller_id, payment.currency, amount - hold_left)
    held = await sellers_balances(session, payment.seller_id, payment.currency)
    in_reserve = held.reserve - net_of(before, payment.seller_id, chart.RESERVE)
    part = rules.taken_from_seller(
        amount,
        hold_left=hold_left,
        available=held.available - net_of(before, payment.seller_id, chart.AVAILABLE),
        reserve=min(in_reserve, sum(hold.remaining for hold in reserve)),
    )
    if own is not None:
        holds.take([own], part.pending)
    holds.take(reserve, part.reserve)
    return part


def net_of(lines: Iterable[Lines], owner: UUID, account: Account) -> int:
    """What these lines put on one account: + debit, - credit."""
    return sum(one.get((owner, account), 0) for one in lines)
