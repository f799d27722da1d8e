"""What outbound webhooks hold of a person: endpoints and messages."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.module import PersonalData
from cleanly.platform.jobs import service as jobs
from cleanly.platform.webhooks.outbound.endpoints import queries as endpoints
from cleanly.platform.webhooks.outbound.endpoints import service as endpoint_writes
from cleanly.platform.webhooks.outbound.history import queries, service
from cleanly.platform.webhooks.outbound.messages import ERASE, Account

EXPORTED_MAX = 10_000


async def _export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    found = await queries.messages(session, user_id, limit=EXPORTED_MAX)
    return {
        "endpoints": [
            {
                "id": str(one.id),
                "url": one.url,
                "description": one.description,
                "eventTypes": list(one.event_types),
                "createdAt": rfc3339(one.created_at),
            }
            for one in await endpoints.of_account(session, user_id, limit=EXPORTED_MAX)
        ],
        "messages": [
            {"id": str(one.id), "type": one.type, "timestamp": rfc3339(one.created_at), "data": dict(one.data)}
            for one in found
        ],
    }


async def _erase(session: AsyncSession, user_id: UUID, _: Context) -> None:
    # Endpoints first: what is published from now on finds nobody to go to.
    await endpoint_writes.forget_account(session, user_id)
    if await service.forget_messages(session, user_id) == service.BATCH:
        await jobs.enqueue(session, ERASE, Account(account_id=user_id))


PERSONAL = PersonalData(_export, _erase)
