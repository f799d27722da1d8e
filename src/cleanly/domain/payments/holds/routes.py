"""/admin/sellers/{id}/hold-terms: how long one seller's money rests, and what part of it rests longer."""

from uuid import UUID

from fastapi import APIRouter, Response

from cleanly.domain.payments.holds import queries, service
from cleanly.domain.payments.holds.schemas import HoldTerms, HoldTermsIn
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.domain.users import queries as users
from cleanly.kernel.errors import Forbidden, NotFound, ValidationFailed
from cleanly.kernel.http import Admin, Ctx, From, Route, Tx, refusals
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS

router = APIRouter(prefix="/admin/sellers", tags=["payouts"], route_class=Route)


@router.get(
    "/{seller_id}/hold-terms",
    summary="How long a seller's money rests",
    responses=refusals(Forbidden, NotFound, ValidationFailed, signed_in=True),
)
async def read_hold_terms(seller_id: UUID, caller: Admin, tx: Tx, context: Ctx) -> HoldTerms:
    """What was agreed with the seller, or the platform's usual terms. For admins."""
    del caller
    if await users.by_id(tx, seller_id) is None:
        raise NotFound
    terms = await queries.terms_of(tx, seller_id, context.part(PaymentSettings))
    return HoldTerms(
        seller_id=seller_id,
        hold_days=terms.hold_days,
        reserve_basis_points=terms.reserve_basis_points,
        is_agreed=await queries.agreed(tx, seller_id),
    )


@router.put(
    "/{seller_id}/hold-terms",
    summary="Agree on hold terms with a seller",
    responses=refusals(Forbidden, NotFound, *KEY_REFUSALS, signed_in=True, body=True),
)
async def agree_hold_terms(  # noqa: PLR0917 - FastAPI calls by name
    seller_id: UUID, body: HoldTermsIn, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> HoldTerms:
    """The days hold for captures from now on, the reserve for whatever is released from now on. For admins."""
    settings, now = context.part(PaymentSettings), context.clock.now()
    return await service.agree(tx, seller_id, body, settings=settings, now=now, caller=caller, origin=origin)


@router.delete(
    "/{seller_id}/hold-terms",
    status_code=204,
    summary="Go back to the usual hold terms",
    responses=refusals(Forbidden, ValidationFailed, signed_in=True),
)
async def end_hold_terms(seller_id: UUID, caller: Admin, tx: Tx, context: Ctx, origin: From) -> Response:
    """Again: still 204. For admins."""
    await service.end_terms(tx, seller_id, now=context.clock.now(), caller=caller, origin=origin)
    return Response(status_code=204)
