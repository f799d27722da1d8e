"""/admin/reconciliation: where operators see how a provider's books and ours differ, run by run, and say why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from cleanly.domain.ledger.reconciliation import queries, service
from cleanly.domain.ledger.reconciliation.queries import Item
from cleanly.domain.ledger.reconciliation.rules import ItemKind
from cleanly.domain.ledger.reconciliation.schemas import (
    ItemOut,
    ItemsOut,
    ProviderName,
    ReportOut,
    ReportsOut,
    ResolveIn,
)
from cleanly.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from cleanly.kernel.http import Admin, Ctx, Cursor, From, Limit, Route, Tx, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS

_LIST = "reconciliation-items"
_REPORTS = "reconciliation-reports"
router = APIRouter(prefix="/admin/reconciliation", tags=["admin"], route_class=Route)
ItemId = Annotated[UUID, Path(alias="id", description="The difference's id")]


@router.get(
    "",
    summary="List differences between providers' books and ours",
    responses=refusals(Forbidden, ValidationFailed, signed_in=True),
)
async def list_items(
    _admin: Admin,
    context: Ctx,
    *,
    is_open: Annotated[bool | None, Query(alias="open", description="Only open, or only resolved ones")] = None,
    kind: Annotated[ItemKind | None, Query(description="Only of this kind")] = None,
    provider: Annotated[ProviderName | None, Query(description="Only of this provider")] = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> ItemsOut:
    """Newest first. For admins."""
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    async with context.db.read() as session:
        found = await queries.items(
            session,
            is_open=is_open,
            kind=kind,
            provider=provider,
            before_id=UUID(after[0]) if after else None,
            limit=limit + 1,
        )
    page = cursors.page(_LIST, found, limit, "id")
    return ItemsOut(items=[_shown(item) for item in page.items], next_cursor=page.next_cursor)


@router.get(
    "/reports",
    summary="List what each run of reconciliation found",
    responses=refusals(Forbidden, ValidationFailed, signed_in=True),
)
async def list_reports(
    _admin: Admin,
    context: Ctx,
    *,
    provider: Annotated[ProviderName | None, Query(description="Only of this provider")] = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> ReportsOut:
    """One for each provider and run, newest first; also of runs that failed. For admins."""
    cursors = context.part(Cursors)
    after = cursors.read(_REPORTS, cursor)
    async with context.db.read() as session:
        found = await queries.reports(
            session, provider=provider, before_id=UUID(after[0]) if after else None, limit=limit + 1
        )
    page = cursors.page(_REPORTS, found, limit, "id")
    shown = [ReportOut.model_validate(report, from_attributes=True) for report in page.items]
    return ReportsOut(items=shown, next_cursor=page.next_cursor)


@router.post(
    "/{id}/resolve",
    summary="Resolve a difference",
    responses=refusals(Forbidden, NotFound, Conflict, *KEY_REFUSALS, signed_in=True, body=True),
)
async def resolve_item(  # noqa: PLR0917 - FastAPI calls by name
    item_id: ItemId, body: ResolveIn, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> ItemOut:
    """With the reason, which is kept and audited. It moves no money. For admins."""
    item = await service.resolve(tx, item_id, body.reason, caller=caller, origin=origin, now=context.clock.now())
    return _shown(item)


def _shown(item: Item) -> ItemOut:
    return ItemOut.model_validate(item, from_attributes=True)
