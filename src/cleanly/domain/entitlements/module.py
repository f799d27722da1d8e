"""What entitlements offer the process."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.entitlements import queries, service
from cleanly.domain.entitlements.routes import router
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.module import Module, PersonalData
from cleanly.platform.cache.service import Cache


async def _export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    found = await queries.ever_of(session, user_id)
    return {
        "entitlements": [
            {
                "productId": one.feature,
                f"{one.source}Id": str(one.source_id),
                "startsAt": rfc3339(one.starts_at),
                "endsAt": rfc3339(one.ends_at) if one.ends_at else None,
            }
            for one in found
        ]
    }


async def _erase(session: AsyncSession, user_id: UUID, context: Context) -> None:
    await service.forget_person(session, context.part(Cache), user_id)


module = Module("entitlements", router=router, personal=PersonalData(_export, _erase))
