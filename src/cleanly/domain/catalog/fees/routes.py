"""/admin/sellers/{id}/fee: what is agreed with one seller in place of the platform's usual fee."""

from uuid import UUID

from fastapi import APIRouter, Response

from cleanly.domain.catalog.fees import queries, service
from cleanly.domain.catalog.fees.schemas import SellerFee, SellerFeeIn
from cleanly.domain.catalog.settings import CatalogSettings
from cleanly.domain.users import queries as users
from cleanly.kernel.errors import Forbidden, NotFound, ValidationFailed
from cleanly.kernel.http import Admin, Ctx, From, Route, Tx, refusals
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS

router = APIRouter(prefix="/admin/sellers", tags=["catalog"], route_class=Route)


@router.get(
    "/{seller_id}/fee",
    summary="What a seller's sales cost",
    responses=refusals(Forbidden, NotFound, ValidationFailed, signed_in=True),
)
async def read_seller_fee(seller_id: UUID, caller: Admin, tx: Tx, context: Ctx) -> SellerFee:
    """What was agreed with the seller, or the platform's usual fee. For admins."""
    del caller
    if await users.by_id(tx, seller_id) is None:
        raise NotFound
    return await queries.of_seller(tx, seller_id, context.part(CatalogSettings))


@router.put(
    "/{seller_id}/fee",
    summary="Agree on a fee with a seller",
    responses=refusals(Forbidden, NotFound, *KEY_REFUSALS, signed_in=True, body=True),
)
async def agree_seller_fee(  # noqa: PLR0917 - FastAPI calls by name
    seller_id: UUID, body: SellerFeeIn, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> SellerFee:
    """Holds for payments from now on; those that exist keep the fee that they were made with. For admins."""
    return await service.agree(tx, seller_id, body, now=context.clock.now(), caller=caller, origin=origin)


@router.delete(
    "/{seller_id}/fee",
    status_code=204,
    summary="Go back to the usual fee",
    responses=refusals(Forbidden, ValidationFailed, signed_in=True),
)
async def end_seller_fee(seller_id: UUID, caller: Admin, tx: Tx, context: Ctx, origin: From) -> Response:
    """Again: still 204. For admins."""
    await service.end(tx, seller_id, now=context.clock.now(), caller=caller, origin=origin)
    return Response(status_code=204)
