"""Development endpoints: play the buyer of a sandbox payment, move the sandbox's clock. Where it is off: 404."""

from datetime import timedelta

from fastapi import APIRouter

from cleanly.kernel.context import Context
from cleanly.kernel.errors import Conflict, NotFound
from cleanly.kernel.http import Ctx, Me, Route
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.protocol import PaymentSnapshot
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.schemas import AdvancedOut, AdvanceIn, PlayedPayment

# Not in the document: no client of the real service may come to need them.
router = APIRouter(prefix="/sandbox", include_in_schema=False, route_class=Route)


@router.post("/payments/{reference}/confirm")
async def confirm(reference: str, _caller: Me, context: Ctx) -> PlayedPayment:
    """The buyer agrees, as PaymentSheet or PayPal's page would say."""
    try:
        return _played(await _sandbox(context).confirm(reference))
    except Refused as error:
        raise _refusal(error) from error


@router.post("/payments/{reference}/decline")
async def decline(reference: str, _caller: Me, context: Ctx) -> PlayedPayment:
    """The buyer's bank says no; the payment waits for another try."""
    try:
        return _played(await _sandbox(context).decline(reference))
    except Refused as error:
        raise _refusal(error) from error


@router.post("/subscriptions/{reference}/confirm")
async def confirm_subscription(reference: str, _caller: Me, context: Ctx) -> PlayedPayment:
    """The buyer pays the first period, or the one that failed."""
    try:
        paid = await _sandbox(context).billing.confirm(reference)
    except Refused as error:
        raise _refusal(error) from error
    return PlayedPayment(reference=paid.reference, state=paid.state, decline_code=paid.decline_code)


@router.post("/advance")
async def advance(body: AdvanceIn, _caller: Me, context: Ctx) -> AdvancedOut:
    """Move its clock ahead, as `cleanly sandbox advance` does, and let happen what is due by then."""
    return AdvancedOut(told=await _sandbox(context).advance(timedelta(seconds=body.seconds)))


def _sandbox(context: Context) -> Sandbox:
    sandbox = context.parts.get(Sandbox)
    if not isinstance(sandbox, Sandbox):
        raise NotFound
    return sandbox


def _played(payment: PaymentSnapshot) -> PlayedPayment:
    return PlayedPayment(reference=payment.reference, state=payment.state, decline_code=payment.decline_code)


def _refusal(error: Refused) -> NotFound | Conflict:
    return NotFound() if error.code == "resource_missing" else Conflict("The payment does not wait for its buyer")
