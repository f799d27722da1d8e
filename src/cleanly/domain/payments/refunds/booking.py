"""What a refund does to everybody's shares, and what of it the ledger is told. Both rows are locked by the caller."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import chart
from cleanly.domain.payments import books, postings, rules
from cleanly.domain.payments import service as payments
from cleanly.domain.payments.models import PaymentRow
from cleanly.domain.payments.postings import Lines
from cleanly.domain.payments.refunds.models import RefundRow
from cleanly.domain.payments.rules import Shares


async def take(session: AsyncSession, payment: PaymentRow, refund: RefundRow) -> Lines:
    """The money goes back to the buyer."""
    left = Shares(payment.seller_left, payment.fee_left, payment.tax_left)
    # The provider may give back what a dispute has taken already: what no share covers is the platform's to lose.
    shares = rules.take_at_most(left, refund.amount, refund.currency)
    part = await books.take_from_seller(session, payment, shares.seller)
    payment.refunding_amount -= refund.amount
    payment.refunded_amount += refund.amount
    _set_left(payment, left - shares)
    refund.seller_part, refund.fee_part, refund.tax_part = shares.seller, shares.fee, shares.tax
    refund.from_pending, refund.is_booked = part.pending, True
    return postings.refunded(
        provider=payment.provider,
        seller=payment.seller_id,
        shares=shares,
        part=part,
        uncovered=refund.amount - shares.total,
        country=payments.TAX_COUNTRY,
    )


async def give_back(
    session: AsyncSession, payment: PaymentRow, refund: RefundRow, *, before: Collection[Lines]
) -> Lines:
    """It did not reach the buyer. `before`: what the same call posts first, which is not in the balances yet."""
    shares = Shares(refund.seller_part, refund.fee_part, refund.tax_part)
    payment.refunded_amount -= refund.amount
    _set_left(payment, Shares(payment.seller_left, payment.fee_left, payment.tax_left) + shares)
    refund.is_booked = False
    owed = free = 0
    if payment.seller_id is not None:
        held = await books.sellers_balances(session, payment.seller_id, payment.currency)
        owed_now = held.receivable + books.net_of(before, payment.seller_id, chart.RECEIVABLE)
        owed, free = rules.given_to_seller(shares.seller, owed=owed_now)
    return postings.refund_failed(
        provider=payment.provider,
        seller=payment.seller_id,
        shares=shares,
        uncovered=refund.amount - shares.total,
        owed=owed,
        free=free,
        country=payments.TAX_COUNTRY,
    )


async def posting(
    session: AsyncSession, payment: PaymentRow, refund: RefundRow, step: str, lines: Lines
) -> ledger.Posting:
    """One of these for the ledger; `step` is `made` or `failed`."""
    return await books.posting(
        session,
        reference=f"refund:{refund.id}:{step}",
        kind=f"refund.{step}",
        currency=refund.currency,
        lines=lines,
        source_id=refund.id,
        provider_object=f"{refund.provider}:{refund.provider_refund_id}",
        payment=payment,
    )


def _set_left(payment: PaymentRow, left: Shares) -> None:
    payment.seller_left, payment.fee_left, payment.tax_left = left.seller, left.fee, left.tax
