"""/admin/payouts: look at what is held, approve, refuse, hold, ask again; stop all payouts and resume them."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payouts.sending import queries, service, shown, stopping
from cleanly.domain.payouts.sending.queries import Wanted
from cleanly.domain.payouts.sending.schemas import (
    PayoutState,
    PayoutStopOut,
    ReviewedPayoutOut,
    ReviewedPayoutsOut,
    ReviewIn,
)
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Forbidden, NotFound
from cleanly.kernel.http import Admin, Ctx, Cursor, From, Limit, Route, Tx, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit
from cleanly.platform.idempotency.errors import OWN

_LIST = "admin payouts"
_REFUSALS = refusals(Forbidden, NotFound, InvalidState, *OWN, signed_in=True, body=True)
router = APIRouter(prefix="/admin", tags=["payouts"], route_class=Route)
PayoutId = Annotated[UUID, Path(alias="id", description="The payout's id")]


@router.get("/payouts", summary="Everybody's payouts", responses=refusals(Forbidden, signed_in=True))
async def list_all_payouts(  # noqa: PLR0917 - FastAPI calls by name
    caller: Admin,
    context: Ctx,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
    state: Annotated[PayoutState | None, Query()] = None,
    seller_id: Annotated[UUID | None, Query(alias="sellerId")] = None,
) -> ReviewedPayoutsOut:
    """Newest first; `state=held` are those that wait for a person. For admins."""
    del caller
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    wanted = Wanted(seller_id=seller_id, state=state)
    async with context.db.read() as session:
        found = await queries.page(session, wanted, after=UUID(after[0]) if after else None, limit=limit + 1)
    page = cursors.page(_LIST, found, limit, "id")
    return ReviewedPayoutsOut(items=[shown.to_admin(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/payouts/{id}/approve", summary="Let a held payout go", responses=_REFUSALS)
async def approve_payout(  # noqa: PLR0917 - FastAPI calls by name
    payout_id: PayoutId, body: ReviewIn, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> ReviewedPayoutOut:
    """It is sent at once. For admins, and never for one's own payout."""
    payout = await service.release(tx, payout_id, by=caller.user_id, now=context.clock.now())
    if payout.seller_id == caller.user_id:
        raise Forbidden("Another administrator has to look at it")
    details = {"reason": body.reason, "heldFor": list(payout.held_for)}
    await _record(tx, "payout.approved", payout_id, context, caller, origin, details)
    return shown.to_admin(payout)


@router.post("/payouts/{id}/refuse", summary="Refuse a payout", responses=_REFUSALS)
async def refuse_payout(  # noqa: PLR0917 - FastAPI calls by name
    payout_id: PayoutId, body: ReviewIn, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> ReviewedPayoutOut:
    """One that has not left; the money is available again. For admins."""
    payout, postings = await service.cancel(tx, payout_id, "refused", now=context.clock.now())
    await _record(tx, "payout.refused", payout_id, context, caller, origin, {"reason": body.reason})
    if postings:
        await ledger.post(tx, *postings)
    return shown.to_admin(payout)


@router.post("/payouts/{id}/hold", summary="Hold a payout", responses=_REFUSALS)
async def hold_payout(  # noqa: PLR0917 - FastAPI calls by name
    payout_id: PayoutId, body: ReviewIn, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> ReviewedPayoutOut:
    """One that has not left, until somebody approves or refuses it. For admins."""
    payout = await service.hold(tx, payout_id, "operator", now=context.clock.now())
    await _record(tx, "payout.held", payout_id, context, caller, origin, {"reason": body.reason})
    return shown.to_admin(payout)


@router.post("/payouts/{id}/retry", summary="Go on with a payout now", responses=_REFUSALS)
async def retry_payout(  # noqa: PLR0917 - FastAPI calls by name
    payout_id: PayoutId, body: ReviewIn, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> ReviewedPayoutOut:
    """Look at the provider again and ask again what has had no answer, under the same key. For admins.

    One that is over stays so: its money is available, and may be paid out anew.
    """
    payout = await service.ask_to_go_on(tx, payout_id)
    await _record(tx, "payout.retried", payout_id, context, caller, origin, {"reason": body.reason})
    return shown.to_admin(payout)


@router.post("/payouts/{id}/call-back", summary="Call a payout back", responses=_REFUSALS)
async def call_payout_back(  # noqa: PLR0917 - FastAPI calls by name
    payout_id: PayoutId, body: ReviewIn, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> ReviewedPayoutOut:
    """Ask the provider for one that is on its way: PayPal gives back what nobody has claimed, Stripe what is pending.

    What it answers shows in the payout's state a moment later; too late for it: nothing changes. For admins.
    """
    payout = await service.ask_to_call_back(tx, payout_id)
    await _record(tx, "payout.called_back", payout_id, context, caller, origin, {"reason": body.reason})
    return shown.to_admin(payout)


@router.get("/payout-stop", summary="Whether payouts are sent", responses=refusals(Forbidden, signed_in=True))
async def read_payout_stop(caller: Admin, context: Ctx) -> PayoutStopOut:
    """A fault in the ledger stops them by itself. For admins."""
    del caller
    async with context.db.read() as session:
        return await _stop(session)


@router.post("/payout-stop", summary="Stop all payouts", responses=_REFUSALS)
async def stop_payouts(body: ReviewIn, caller: Admin, tx: Tx, context: Ctx, origin: From) -> PayoutStopOut:
    """Nothing new is sent; what is on its way is watched as ever. For admins."""
    await stopping.stop(tx, body.reason, now=context.clock.now(), caller=caller, origin=origin)
    return await _stop(tx)


@router.post("/payout-stop/resume", summary="Send payouts again", responses=refusals(Forbidden, *OWN, signed_in=True))
async def resume_payouts(caller: Admin, tx: Tx, context: Ctx, origin: From) -> PayoutStopOut:
    """Those that waited go within minutes. For admins."""
    await stopping.resume(tx, now=context.clock.now(), caller=caller, origin=origin)
    return await _stop(tx)


async def _stop(session: AsyncSession) -> PayoutStopOut:
    stop = await queries.stop_in_force(session)
    return PayoutStopOut(
        is_stopped=stop is not None,
        reason=None if stop is None else stop.reason,
        stopped_at=None if stop is None else stop.stopped_at,
    )


async def _record(  # noqa: PLR0917 - one call's whole story
    session: AsyncSession,
    action: str,
    payout_id: UUID,
    context: Context,
    caller: Caller,
    origin: Origin,
    details: Mapping[str, Any],
) -> None:
    await audit.record(
        session,
        action,
        at=context.clock.now(),
        origin=origin,
        actor_id=caller.user_id,
        target_id=payout_id,
        details=details,
    )
