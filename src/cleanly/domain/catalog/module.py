"""What the catalogue offers the process."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries, service
from cleanly.domain.catalog.errors import ProductArchived
from cleanly.domain.catalog.fees.routes import router as fees
from cleanly.domain.catalog.routes import router as products
from cleanly.kernel.context import Context
from cleanly.kernel.module import Module, PersonalData


async def _export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    listed = await queries.of_seller(session, user_id)
    return {"products": listed} if listed else {}


async def _erase(session: AsyncSession, user_id: UUID, context: Context) -> None:
    await service.erase(session, context, user_id)


router = APIRouter()
router.include_router(products)
router.include_router(fees)
module = Module("catalog", router=router, errors=(ProductArchived,), personal=PersonalData(_export, _erase))
