"""Provider news on payments, refunds and disputes: find ours, then look, as everybody does."""

from cleanly.domain.payments import flows, queries
from cleanly.domain.payments.disputes import flows as disputes
from cleanly.domain.payments.refunds import flows as refunds
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandler


async def on_payment(context: Context, event: ProviderEvent) -> Handled:
    """By our id in the object's metadata; else by the provider's. Neither: somebody else's on a shared account."""
    async with context.db.begin() as session:
        if event.our_id is not None:
            payment = await queries.by_id(session, event.our_id)
        else:
            payment = await queries.by_reference(session, event.provider, event.account, reference=event.object)
    if payment is None:
        return Handled.MISSING_PARENT if event.our_id is not None else Handled.IGNORED
    await flows.refresh(context, payment.id, reference=event.object)
    return Handled.DONE


HANDLERS = (
    InboundHandler("payment", on_payment),
    InboundHandler("refund", refunds.on_refund),
    InboundHandler("dispute", disputes.on_dispute),
)
