"""POST /payments and what can be done with one: look, capture, cancel, refund."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from cleanly.domain.payments import asking, flows, offers, queries
from cleanly.domain.payments.disputes import queries as disputes
from cleanly.domain.payments.disputes.queries import Dispute
from cleanly.domain.payments.errors import InvalidState, TooMuch
from cleanly.domain.payments.play import flows as play
from cleanly.domain.payments.play.errors import OfAnotherUser
from cleanly.domain.payments.queries import Payment
from cleanly.domain.payments.refunds import flows as refund_flows
from cleanly.domain.payments.refunds import queries as refunds
from cleanly.domain.payments.refunds.queries import Refund
from cleanly.domain.payments.schemas import (
    CaptureIn,
    DisputeOut,
    DisputesOut,
    MoneyOut,
    PaymentIn,
    PaymentOut,
    PaymentsOut,
    RefundIn,
    RefundOut,
    RefundsOut,
)
from cleanly.kernel import errors
from cleanly.kernel.context import Context
from cleanly.kernel.http import Ctx, Cursor, From, Limit, Me, Route, refusals
from cleanly.kernel.money import Money
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.kernel.principal import Caller
from cleanly.platform.idempotency.errors import OWN
from cleanly.platform.idempotency.http import KeyRequired, Once
from cleanly.platform.providers.errors import PaymentDeclined, ProviderError, ProviderTimeout, UnsupportedByProvider

_LIST = "payments"
_PROVIDER = (PaymentDeclined, ProviderError, ProviderTimeout)
_SELLS: tuple[type[errors.AppError], ...] = (
    errors.NotFound,
    errors.Forbidden,
    InvalidState,
    UnsupportedByProvider,
    *_PROVIDER,
    *OWN,
)
router = APIRouter(prefix="/payments", tags=["payments"], route_class=Route)
PaymentId = Annotated[UUID, Path(alias="id", description="The payment's id")]


def _money(money: Money) -> MoneyOut:
    return MoneyOut(amount=money.amount, currency=money.currency)


def _payment(payment: Payment, client: Mapping[str, str]) -> PaymentOut:
    def part(amount: int) -> MoneyOut:
        return MoneyOut(amount=amount, currency=payment.money.currency)

    return PaymentOut(
        id=payment.id,
        state=payment.state,
        provider=payment.provider,
        price_id=payment.price_id,
        quantity=payment.quantity,
        description=payment.description,
        buyer_id=payment.buyer_id,
        seller_id=payment.seller_id,
        capture_method=payment.capture,
        total=_money(payment.money),
        captured=part(payment.captured),
        refunded=part(payment.refunded),
        refunding=part(payment.refunding),
        decline_code=payment.decline_code,
        metadata=dict(payment.meta),
        client=dict(client),
        created_at=payment.created_at,
        updated_at=payment.updated_at,
    )


def _refund(refund: Refund) -> RefundOut:
    return RefundOut.model_validate(
        {
            "id": refund.id,
            "payment_id": refund.payment_id,
            "state": refund.state,
            "money": _money(refund.money),
            "reason": refund.reason,
            "failure_code": refund.failure_code,
            "created_at": refund.created_at,
        }
    )


def _dispute(dispute: Dispute) -> DisputeOut:
    return DisputeOut.model_validate(
        {
            "id": dispute.id,
            "payment_id": dispute.payment_id,
            "state": dispute.state,
            "money_is": dispute.money_is,
            "money": _money(dispute.money),
            "reason": dispute.reason,
            "evidence_due_at": dispute.evidence_due_at,
            "created_at": dispute.created_at,
        }
    )


async def _own(context: Context, payment_id: UUID, caller: Caller, *, to: Literal["look", "sell"] = "look") -> Payment:
    """The payment if it is the caller's to look at, or to act on as its seller; an admin's are all, and the platform's.

    Raises:
        NotFound: another's. Forbidden: the buyer may look, and no more, not even as an admin.
    """
    async with context.db.begin() as session:
        payment = await queries.by_id(session, payment_id)
    if payment is None or not (caller.is_admin or caller.user_id in {payment.buyer_id, payment.seller_id}):
        raise errors.NotFound
    is_buyer = caller.user_id == payment.buyer_id
    if to == "sell" and payment.seller_id != caller.user_id and (is_buyer or not caller.is_admin):
        raise errors.Forbidden
    return payment


@router.post(
    "",
    status_code=201,
    response_model=PaymentOut,
    summary="Buy something",
    dependencies=[KeyRequired],
    responses=refusals(
        errors.NotFound, InvalidState, OfAnotherUser, UnsupportedByProvider, *_PROVIDER, *OWN, signed_in=True, body=True
    ),
)
async def create_payment(body: PaymentIn, caller: Me, context: Ctx, once: Once) -> Response:
    """Make the payment at the provider. Repeat with the same key until there is an answer: it is made once.

    `client` holds what the provider's SDK on the phone needs for the buyer to confirm. With `google_play` the app has
    paid already: the purchase is looked at, bound to the caller and acknowledged, and Google says how many pieces.
    """

    async def complete(stored: bytes) -> bytes:
        kept = PaymentOut.model_validate_json(stored)
        payment = await _own(context, kept.id, caller)
        client = await flows.client_parameters(context, payment, caller)
        return kept.model_copy(update={"client": dict(client)}).model_dump_json(by_alias=True).encode()

    once.completing(complete)
    await once.look(context)
    if body.purchase_token is not None:
        payment = await play.claim(context, caller, body.price_id, body.purchase_token, once, meta=body.metadata)
    else:
        wanted = offers.Wanted(body.price_id, body.quantity, body.provider, body.capture_method, body.metadata)
        payment = await asking.begin(context, caller, wanted, once)
        payment = await asking.send(context, payment)
    client = await flows.client_parameters(context, payment, caller)
    async with context.db.begin() as session:
        # What the SDK needs is never stored: a replay asks the provider for it anew.
        return await once.finish(session, 201, _payment(payment, client), kept=_payment(payment, {}))


@router.get("", summary="What I bought and sold", responses=refusals(signed_in=True))
async def list_payments(  # noqa: PLR0917 - FastAPI calls by name
    caller: Me,
    context: Ctx,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
    role: Annotated[Literal["buyer", "seller", "any"], Query()] = "any",
    state: Annotated[str | None, Query(max_length=20)] = None,
    provider: Annotated[str | None, Query(max_length=20)] = None,
) -> PaymentsOut:
    """Newest first, by the caller's part in them, by state, by provider."""
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    async with context.db.read() as session:
        found = await queries.of_person(
            session,
            caller.user_id,
            role=role,
            state=state,
            provider=provider,
            after=UUID(after[0]) if after else None,
            limit=limit + 1,
        )
    page = cursors.page(_LIST, found, limit, "id")
    return PaymentsOut(items=[_payment(one, {}) for one in page.items], next_cursor=page.next_cursor)


@router.get(
    "/{id}",
    summary="Look at a payment",
    responses=refusals(errors.NotFound, ProviderError, ProviderTimeout, signed_in=True),
)
async def read_payment(payment_id: PaymentId, caller: Me, context: Ctx) -> PaymentOut:
    """The buyer's own or the seller's own. While it waits, the provider is asked (at most every two seconds)."""
    payment = await _own(context, payment_id, caller)
    look = play.look_for_buyer if payment.provider == play.PLAY else flows.look_for_buyer
    payment = await look(context, payment)
    return _payment(payment, await flows.client_parameters(context, payment, caller))


@router.post(
    "/{id}/capture",
    response_model=PaymentOut,
    summary="Take an authorized payment",
    dependencies=[KeyRequired],
    responses=refusals(*_SELLS, signed_in=True, body=True),
)
async def capture_payment(  # noqa: PLR0917 - FastAPI calls by name
    payment_id: PaymentId, caller: Me, context: Ctx, once: Once, origin: From, body: CaptureIn | None = None
) -> Response:
    """All of it, or a part once: the rest is given back. For the seller, or an admin."""
    await once.look(context)
    payment = await _own(context, payment_id, caller, to="sell")
    amount = body.amount if body else None
    await asking.start(context, caller, payment, once, action="capture_asked", origin=origin, amount=amount)
    payment = await asking.capture(context, payment, amount)
    async with context.db.begin() as session:
        return await once.finish(session, 200, _payment(payment, {}))


@router.post(
    "/{id}/cancel",
    response_model=PaymentOut,
    summary="Give a payment up",
    dependencies=[KeyRequired],
    responses=refusals(errors.NotFound, InvalidState, *_PROVIDER, *OWN, signed_in=True),
)
async def cancel_payment(payment_id: PaymentId, caller: Me, context: Ctx, once: Once, origin: From) -> Response:
    """While the buyer has not acted, or before an authorized payment is taken. For its buyer, seller, or an admin."""
    await once.look(context)
    payment = await _own(context, payment_id, caller)
    await asking.start(context, caller, payment, once, action="cancel_asked", origin=origin)
    payment = await asking.cancel(context, payment)
    async with context.db.begin() as session:
        return await once.finish(session, 200, _payment(payment, {}))


@router.post(
    "/{id}/refunds",
    status_code=201,
    response_model=RefundOut,
    summary="Give money back",
    dependencies=[KeyRequired],
    responses=refusals(*_SELLS, TooMuch, signed_in=True, body=True),
)
async def refund_payment(  # noqa: PLR0917 - FastAPI calls by name
    payment_id: PaymentId, caller: Me, context: Ctx, once: Once, origin: From, body: RefundIn | None = None
) -> Response:
    """All that is left, or a part, several times. All ways to refund share one cap. For the seller, or an admin."""
    await once.look(context)
    payment = await _own(context, payment_id, caller, to="sell")
    asked = body or RefundIn()
    made = await refund_flows.begin(
        context, caller, payment, once, amount=asked.amount, reason=asked.reason, origin=origin
    )
    made = await refund_flows.send(context, made)
    async with context.db.begin() as session:
        return await once.finish(session, 201, _refund(made))


@router.get("/{id}/refunds", summary="A payment's refunds", responses=refusals(errors.NotFound, signed_in=True))
async def list_refunds(
    payment_id: PaymentId, caller: Me, context: Ctx, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> RefundsOut:
    """Oldest first."""
    place, cursors = f"refunds of {payment_id}", context.part(Cursors)
    after = cursors.read(place, cursor)
    await _own(context, payment_id, caller)
    async with context.db.read() as session:
        found = await refunds.of_payment(session, payment_id, after=UUID(after[0]) if after else None, limit=limit + 1)
    page = cursors.page(place, found, limit, "id")
    return RefundsOut(items=[_refund(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{id}/disputes", summary="A payment's disputes", responses=refusals(errors.NotFound, signed_in=True))
async def list_disputes(
    payment_id: PaymentId, caller: Me, context: Ctx, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> DisputesOut:
    """Oldest first."""
    place, cursors = f"disputes of {payment_id}", context.part(Cursors)
    after = cursors.read(place, cursor)
    await _own(context, payment_id, caller)
    async with context.db.read() as session:
        found = await disputes.of_payment(session, payment_id, after=UUID(after[0]) if after else None, limit=limit + 1)
    page = cursors.page(place, found, limit, "id")
    return DisputesOut(items=[_dispute(one) for one in page.items], next_cursor=page.next_cursor)
