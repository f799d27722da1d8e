"""What users offer the process."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.users import queries, service
from cleanly.domain.users.errors import EmailTaken
from cleanly.domain.users.routes import router
from cleanly.kernel.context import Context
from cleanly.kernel.module import Module, PersonalData
from cleanly.platform.cache.service import Cache


async def _export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    user = await queries.by_id(session, user_id)
    return {} if user is None else user.model_dump(mode="json", by_alias=True)


async def _erase(session: AsyncSession, user_id: UUID, context: Context) -> None:
    await service.erase(session, context.part(Cache), user_id, now=context.clock.now())


module = Module("users", router=router, errors=(EmailTaken,), personal=PersonalData(_export, _erase))
