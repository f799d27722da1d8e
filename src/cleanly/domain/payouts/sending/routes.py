"""POST /payouts and what a seller can do with one: look, list, cancel."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.errors import InsufficientBalance
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payouts.sending import asking, queries, service, shown
from cleanly.domain.payouts.sending.errors import PayoutOpen
from cleanly.domain.payouts.sending.queries import Payout, Wanted
from cleanly.domain.payouts.sending.schemas import PayoutIn, PayoutOut, PayoutsOut, PayoutState
from cleanly.kernel import errors
from cleanly.kernel.errors import ValidationFailed
from cleanly.kernel.http import Ctx, Cursor, Limit, Me, Route, Tx, refusals
from cleanly.kernel.money import EXPONENTS, Money
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.kernel.principal import Caller
from cleanly.platform.idempotency.errors import OWN
from cleanly.platform.idempotency.http import KeyRequired
from cleanly.platform.providers.errors import UnsupportedByProvider

_LIST = "payouts"
router = APIRouter(prefix="/payouts", tags=["payouts"], route_class=Route)
PayoutId = Annotated[UUID, Path(alias="id", description="The payout's id")]


async def _own(session: AsyncSession, payout_id: UUID, caller: Caller) -> Payout:
    payout = await queries.by_id(session, payout_id)
    if payout is None or not (caller.is_admin or caller.user_id == payout.seller_id):
        raise errors.NotFound
    return payout


@router.post(
    "",
    status_code=201,
    summary="Pay out what is available",
    dependencies=[KeyRequired],
    responses=refusals(
        InvalidState, PayoutOpen, InsufficientBalance, UnsupportedByProvider, *OWN, signed_in=True, body=True
    ),
)
async def request_payout(body: PayoutIn, caller: Me, tx: Tx, context: Ctx) -> PayoutOut:
    """Set the amount aside and send it to where payouts go now. One at a time per currency.

    The first, an unusual one, and one soon after a change of the destination wait until somebody has looked at them.
    """
    if body.currency not in EXPONENTS:
        raise ValidationFailed.of("currency", "unknown", "This is no currency that we know")
    money = Money(body.amount, body.currency)
    return shown.to_seller(await asking.by_seller(tx, context, caller.user_id, money, provider=body.provider))


@router.get("", summary="My payouts", responses=refusals(signed_in=True))
async def list_payouts(  # noqa: PLR0917 - FastAPI calls by name
    caller: Me,
    context: Ctx,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
    state: Annotated[PayoutState | None, Query()] = None,
    currency: Annotated[str | None, Query(max_length=3)] = None,
) -> PayoutsOut:
    """Newest first."""
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    wanted = Wanted(seller_id=caller.user_id, state=state, currency=currency)
    async with context.db.read() as session:
        found = await queries.page(session, wanted, after=UUID(after[0]) if after else None, limit=limit + 1)
    page = cursors.page(_LIST, found, limit, "id")
    return PayoutsOut(items=[shown.to_seller(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{id}", summary="Look at a payout", responses=refusals(errors.NotFound, signed_in=True))
async def read_payout(payout_id: PayoutId, caller: Me, context: Ctx) -> PayoutOut:
    """One's own."""
    async with context.db.read() as session:
        return shown.to_seller(await _own(session, payout_id, caller))


@router.post(
    "/{id}/cancel",
    summary="Give a payout up",
    dependencies=[KeyRequired],
    responses=refusals(errors.NotFound, InvalidState, *OWN, signed_in=True),
)
async def cancel_payout(payout_id: PayoutId, caller: Me, tx: Tx, context: Ctx) -> PayoutOut:
    """While it has not left: the money is available again at once."""
    await _own(tx, payout_id, caller)
    payout, postings = await service.cancel(tx, payout_id, "canceled_by_seller", now=context.clock.now())
    if postings:
        await ledger.post(tx, *postings)
    return shown.to_seller(payout)
