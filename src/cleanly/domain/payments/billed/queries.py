"""What became of payments that were billed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_GIVEN_BACK = text(
    """
    SELECT id FROM payments
    WHERE id = ANY(:ids) AND state = 'captured' AND (
        refunded_amount >= captured_amount
        OR EXISTS (SELECT FROM disputes WHERE disputes.payment_id = payments.id AND disputes.state = 'lost')
    )
    """
)


async def given_back(session: AsyncSession, payment_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these payments that were refunded as a whole, or lost in a dispute."""
    if not payment_ids:
        return frozenset()
    return frozenset(await session.scalars(_GIVEN_BACK, {"ids": list(payment_ids)}))
