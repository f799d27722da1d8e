"""Payouts in the ledger: what is set aside, handed over, arrives, and comes back as exact reversals."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import queries as ledger_reads
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.errors import InsufficientBalance, PostingRefused
from cleanly.domain.ledger.service import Account, Place, Posting, chart
from cleanly.domain.payouts.sending.models import PayoutRow
from cleanly.kernel.context import Context


async def open_accounts(context: Context, provider: str, currency: str) -> None:
    """Open the platform's accounts that a payout moves, in a transaction of their own; known ones cost nothing."""
    platform = (chart.clearing(provider), chart.in_transit(provider))
    async with context.db.begin() as session:
        await ledger.open_accounts(session, *(Place(None, account, currency) for account in platform))


async def reserved(session: AsyncSession, row: PayoutRow) -> Posting:
    """Set aside: the seller can't spend it twice.

    Raises:
        InsufficientBalance: the seller never had anything in this currency.
    """
    try:
        available, in_payout = await _sellers(session, row, chart.AVAILABLE, chart.IN_PAYOUT)
    except PostingRefused as error:
        raise InsufficientBalance from error
    return _posting(row, "reserved", "payout.reserved", (available, row.amount), (in_payout, -row.amount))


async def sent(session: AsyncSession, row: PayoutRow) -> Posting:
    """Handed to the provider."""
    in_transit, clearing = await _platforms(session, row)
    return _posting(row, f"sent:{row.attempt}", "payout.sent", (in_transit, row.amount), (clearing, -row.amount))


async def paid(session: AsyncSession, row: PayoutRow) -> Posting:
    """Arrived."""
    (in_payout,) = await _sellers(session, row, chart.IN_PAYOUT)
    in_transit, _ = await _platforms(session, row)
    return _posting(row, f"paid:{row.attempt}", "payout.paid", (in_payout, row.amount), (in_transit, -row.amount))


async def back(session: AsyncSession, row: PayoutRow) -> list[Posting]:
    """All of it back with the seller, in one call: exact reversals, newest first; then what is owed is taken from it.

    Locks the seller's balances: no other balance may be asked for before `post`.
    """
    steps = [
        *((("paid", "unpaid"),) if row.is_paid else ()),
        *((("sent", "unsent"),) if row.is_sent else ()),
    ]
    postings = [
        await _reversal(session, row, f"{done}:{row.attempt}", f"{undone}:{row.attempt}", f"payout.{undone}")
        for done, undone in steps
    ]
    postings.append(await _reversal(session, row, "reserved", "returned", "payout.returned"))
    places = (chart.AVAILABLE, chart.IN_PAYOUT, chart.RECEIVABLE)
    available, in_payout, receivable = await _sellers(session, row, *places)
    held = await ledger.lock(session, (available, in_payout, receivable))
    if owed := min(row.amount, held[receivable]):
        postings.append(_posting(row, "netted", "payout.netted", (available, owed), (receivable, -owed)))
    return postings


async def _reversal(session: AsyncSession, row: PayoutRow, done: str, undone: str, kind: str) -> Posting:
    made = await ledger_reads.by_reference(session, f"payout:{row.id}:{done}")
    if made is None:
        raise LookupError(f"payout {row.id} was never {done}")
    entries = ledger.mirror([(line.account_id, line.amount) for line in made.entries])
    return _posting(row, undone, kind, *entries, reverses_id=made.id)


async def _sellers(session: AsyncSession, row: PayoutRow, *accounts: Account) -> tuple[int, ...]:
    return await ledger.accounts(session, *(Place(row.seller_id, account, row.currency) for account in accounts))


async def _platforms(session: AsyncSession, row: PayoutRow) -> tuple[int, ...]:
    accounts = (chart.in_transit(row.provider), chart.clearing(row.provider))
    return await ledger.accounts(session, *(Place(None, account, row.currency) for account in accounts))


def _posting(
    row: PayoutRow, step: str, kind: str, *entries: tuple[int, int], reverses_id: UUID | None = None
) -> Posting:
    # What left us is the transfer where there are two steps: the provider's books name it, and not the payout.
    theirs = row.provider_transfer_id if row.is_two_step else row.provider_payout_id
    is_theirs = kind in {"payout.sent", "payout.unsent"} and theirs is not None
    return Posting(
        reference=f"payout:{row.id}:{step}",
        kind=kind,
        currency=row.currency,
        entries=entries,
        source_id=row.id,
        reverses_id=reverses_id,
        meta={"provider_object": f"{row.provider}:{theirs}"} if is_theirs else {},
    )
