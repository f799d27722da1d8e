"""/admin/adjustments: put a seller's balance right, with a reason; above a limit two administrators are needed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.errors import InsufficientBalance
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payouts.adjustments import queries, service
from cleanly.domain.payouts.adjustments.queries import Adjustment
from cleanly.domain.payouts.adjustments.schemas import AdjustmentIn, AdjustmentOut, AdjustmentsOut, AdjustmentState
from cleanly.domain.payouts.balances.schemas import AmountOut
from cleanly.domain.payouts.settings import PayoutSettings
from cleanly.kernel.errors import Forbidden, NotFound, ValidationFailed
from cleanly.kernel.http import Admin, Ctx, Cursor, From, Limit, Route, Tx, refusals
from cleanly.kernel.money import EXPONENTS, Money
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.platform.idempotency.errors import OWN
from cleanly.platform.idempotency.http import KeyRequired

_LIST = "admin adjustments"
_DECIDED = refusals(Forbidden, NotFound, InvalidState, InsufficientBalance, *OWN, signed_in=True)
router = APIRouter(prefix="/admin/adjustments", tags=["payouts"], route_class=Route)
AdjustmentId = Annotated[UUID, Path(alias="id", description="The adjustment's id")]


@router.post(
    "",
    status_code=201,
    summary="Adjust a seller's balance",
    dependencies=[KeyRequired],
    responses=refusals(Forbidden, NotFound, InsufficientBalance, *OWN, signed_in=True, body=True),
)
async def adjust_balance(body: AdjustmentIn, caller: Admin, tx: Tx, context: Ctx, origin: From) -> AdjustmentOut:
    """Posted at once, or pending where it takes another administrator. For admins."""
    if body.currency not in EXPONENTS:
        raise ValidationFailed.of("currency", "unknown", "This is no currency that we know")
    money = Money(body.amount, body.currency)
    new = service.New(body.seller_id, body.kind, money, body.reason, body.description)
    made, posting = await service.ask(
        tx,
        new,
        alone_max=context.part(PayoutSettings).adjustment_alone_max,
        caller=caller,
        origin=origin,
        now=context.clock.now(),
    )
    if posting is not None:
        await ledger.post(tx, posting)
    return _shown(made)


@router.get("", summary="List adjustments", responses=refusals(Forbidden, ValidationFailed, signed_in=True))
async def list_adjustments(
    _admin: Admin,
    context: Ctx,
    *,
    state: Annotated[AdjustmentState | None, Query()] = None,
    seller_id: Annotated[UUID | None, Query(alias="sellerId")] = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> AdjustmentsOut:
    """Newest first; `state=pending` are those that wait for another administrator. For admins."""
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    async with context.db.read() as session:
        found = await queries.page(
            session, state=state, seller_id=seller_id, after=UUID(after[0]) if after else None, limit=limit + 1
        )
    page = cursors.page(_LIST, found, limit, "id")
    return AdjustmentsOut(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/{id}/approve", summary="Approve an adjustment", responses=_DECIDED)
async def approve_adjustment(
    adjustment_id: AdjustmentId, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> AdjustmentOut:
    """It is posted now; not by whoever asked for it. For admins."""
    made, posting = await service.decide(
        tx, adjustment_id, "posted", caller=caller, origin=origin, now=context.clock.now()
    )
    if posting is not None:
        await ledger.post(tx, posting)
    return _shown(made)


@router.post("/{id}/refuse", summary="Refuse an adjustment", responses=_DECIDED)
async def refuse_adjustment(
    adjustment_id: AdjustmentId, caller: Admin, tx: Tx, context: Ctx, origin: From
) -> AdjustmentOut:
    """Nothing is posted; whoever asked for it may take it back so. For admins."""
    made, _ = await service.decide(tx, adjustment_id, "refused", caller=caller, origin=origin, now=context.clock.now())
    return _shown(made)


def _shown(one: Adjustment) -> AdjustmentOut:
    money = AmountOut(amount=one.money.amount, currency=one.money.currency)
    names = ("id", "seller_id", "kind", "reason", "description", "state", "asked_by", "decided_by", "decided_at")
    values = {name: getattr(one, name) for name in (*names, "created_at")}
    return AdjustmentOut.model_validate(values | {"money": money})
