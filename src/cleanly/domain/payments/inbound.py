"""Provider news on payments, refunds and disputes: find ours, then look, as everybody does."""

import structlog

from cleanly.domain.payments import flows, metrics, queries
from cleanly.domain.payments.disputes import flows as disputes
from cleanly.domain.payments.errors import NotOurMoney
from cleanly.domain.payments.play import flows as play
from cleanly.domain.payments.refunds import flows as refunds
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandler

_log = structlog.get_logger(__name__)


async def on_payment(context: Context, event: ProviderEvent) -> Handled:
    """By our id in the object's metadata; else by the provider's. Neither: somebody else's on a shared account."""
    async with context.db.begin() as session:
        if event.our_id is not None:
            payment = await queries.by_id(session, event.our_id)
        else:
            payment = await queries.by_reference(session, event.provider, event.account, reference=event.object)
    if payment is None:
        return Handled.MISSING_PARENT if event.our_id is not None else Handled.IGNORED
    if (payment.provider, payment.provider_account) != (event.provider, event.account):
        return Handled.IGNORED
    if event.object not in {payment.reference or event.object, payment.charge}:
        # A key that the provider had forgotten: a second object for one payment may hold a second charge.
        metrics.MISMATCHES.add(1)
        _log.error("payment_made_twice", payment=str(payment.id), object=event.object)
        raise NotOurMoney(f"{event.object} is not {payment.reference}")
    await flows.refresh(context, payment.id, reference=event.object)
    return Handled.DONE


HANDLERS = (
    InboundHandler("payment", on_payment),
    InboundHandler("refund", refunds.on_refund),
    InboundHandler("dispute", disputes.on_dispute),
    InboundHandler("purchase", play.on_purchase),
)
