"""Shares that come back after money had to go without them: they cover it now, so that no order of news is dearer.

The provider may tell of a refund before it tells that the dispute in its way was won; booked as they come, the refund
would find no share and stay the platform's loss, and the seller would keep what was given back.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger.service import Posting
from cleanly.domain.payments import books, postings, rules
from cleanly.domain.payments.disputes.models import DisputeRow
from cleanly.domain.payments.models import PaymentRow
from cleanly.domain.payments.postings import Lines
from cleanly.domain.payments.refunds.models import RefundRow
from cleanly.domain.payments.rules import SellersPart, Shares
from cleanly.domain.payments.service import TAX_COUNTRY


async def cover(session: AsyncSession, payment: PaymentRow, *, cause: UUID, before: Collection[Lines]) -> list[Posting]:
    """The postings by which the payment's shares, as they are now, cover its refunds and disputes, oldest first.

    The payment's row is locked, and its holds (`books.lock_holds`) before any balance. `cause`: the refund or dispute
    whose share came back, once in its life; `before`: what the same call posts first.
    """
    made: list[Posting] = []
    lines_before = list(before)
    for claim in await _uncovered(session, payment):
        left = Shares(payment.seller_left, payment.fee_left, payment.tax_left)
        parts = Shares(claim.seller_part, claim.fee_part, claim.tax_part)
        shares = rules.take_at_most(left, claim.amount - parts.total, claim.currency)
        if not shares.total:
            break
        part = await books.take_from_seller(session, payment, shares.seller, before=lines_before)
        rest, parts = left - shares, parts + shares
        payment.seller_left, payment.fee_left, payment.tax_left = rest.seller, rest.fee, rest.tax
        claim.seller_part, claim.fee_part, claim.tax_part = parts.seller, parts.fee, parts.tax
        claim.from_pending += part.pending
        lines = _lines(payment, claim, shares, part)
        if lines:
            lines_before.append(lines)
            made.append(await _posting(session, payment, claim, lines, cause=cause))
    return made


async def _uncovered(session: AsyncSession, payment: PaymentRow) -> list[RefundRow | DisputeRow]:
    refunds = await session.scalars(
        select(RefundRow).where(
            RefundRow.payment_id == payment.id,
            RefundRow.is_booked,
            RefundRow.amount > RefundRow.seller_part + RefundRow.fee_part + RefundRow.tax_part,
        )
    )
    disputes = await session.scalars(
        select(DisputeRow).where(
            DisputeRow.payment_id == payment.id,
            DisputeRow.money.in_(("withdrawn", "lost")),
            DisputeRow.amount > DisputeRow.seller_part + DisputeRow.fee_part + DisputeRow.tax_part,
        )
    )
    return sorted([*refunds, *disputes], key=lambda claim: claim.id)


def _lines(payment: PaymentRow, claim: RefundRow | DisputeRow, shares: Shares, part: SellersPart) -> Lines:
    if isinstance(claim, RefundRow):
        return postings.refund_covered(seller=payment.seller_id, shares=shares, part=part, country=TAX_COUNTRY)
    if payment.seller_id is None:
        return {}  # what is disputed is the platform's own, covered or not
    return postings.dispute_covered(seller=payment.seller_id, part=part, is_lost=claim.money == "lost")


async def _posting(
    session: AsyncSession, payment: PaymentRow, claim: RefundRow | DisputeRow, lines: Lines, *, cause: UUID
) -> Posting:
    word, reference = (
        ("refund", claim.provider_refund_id) if isinstance(claim, RefundRow) else ("dispute", claim.provider_dispute_id)
    )
    return await books.posting(
        session,
        reference=f"{word}:{claim.id}:covered:{cause}",
        kind=f"{word}.covered",
        currency=claim.currency,
        lines=lines,
        source_id=claim.id,
        provider_object=f"{claim.provider}:{reference}",
        payment=payment,
    )
