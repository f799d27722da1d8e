"""What payouts hold on a person: exported as the API shows it. Money records stay when the person leaves."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.sending import queries
from cleanly.domain.payouts.sending.queries import Wanted
from cleanly.kernel.clock import rfc3339

EXPORTED_MAX = 10_000


async def export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    """The part of the export under `payouts`."""
    found = await queries.page(session, Wanted(seller_id=user_id), after=None, limit=EXPORTED_MAX)
    return {
        "payouts": [
            {
                "id": str(one.id),
                "amount": one.money.amount,
                "currency": one.money.currency,
                "state": one.state,
                "provider": one.provider,
                "destination": one.destination_last4,
                "createdAt": rfc3339(one.created_at),
            }
            for one in found
        ]
    }
