"""What sellers' accounts hold on a person: exported as the API shows it, blanked when the person leaves."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.accounts import queries, service
from cleanly.domain.payouts.accounts.queries import Wanted
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context

EXPORTED_MAX = 100


async def export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    """The part of the export under `payoutAccounts`."""
    found = await queries.page(session, Wanted(seller_id=user_id), after=None, limit=EXPORTED_MAX)
    return {
        "payoutAccounts": [
            {
                "id": str(one.id),
                "provider": one.provider,
                "country": one.country,
                "email": one.email,
                "payee": one.payee,
                "destination": one.destination_last4,
                "status": one.state,
                "createdAt": rfc3339(one.created_at),
            }
            for one in found
        ]
    }


async def erase(session: AsyncSession, user_id: UUID, context: Context) -> None:
    """Blank what tells who it was."""
    await service.forget_person(session, user_id, now=context.clock.now())
