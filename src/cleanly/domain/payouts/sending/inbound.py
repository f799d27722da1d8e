"""Provider news on payouts: find ours, then look, as everybody does."""

import structlog

from cleanly.domain.payouts.sending import flows, metrics, queries
from cleanly.domain.payouts.sending.errors import NotOurPayout
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandler

_log = structlog.get_logger(__name__)


async def on_payout(context: Context, event: ProviderEvent) -> Handled:
    """By our id in its metadata, else by the provider's. Neither: what sellers pay themselves on their accounts."""
    async with context.db.begin() as session:
        if event.our_id is not None:
            payout = await queries.by_id(session, event.our_id)
        else:
            payout = await queries.by_reference(session, event.provider, event.object)
    if payout is None:
        return Handled.MISSING_PARENT if event.our_id is not None else Handled.IGNORED
    if payout.provider != event.provider:
        return Handled.IGNORED
    if event.object != (payout.payout_reference or event.object):
        # A key that the provider had forgotten: a second payout may hold the money twice.
        metrics.MISMATCHES.add(1)
        _log.error("payout_made_twice", payout=str(payout.id), object=event.object)
        raise NotOurPayout(f"{event.object} is not {payout.payout_reference}")
    await flows.go_on(context, payout.id, reference=event.object)
    return Handled.DONE


async def on_transfer(context: Context, event: ProviderEvent) -> Handled:
    """The first of two steps, and what becomes of it: taken back in the dashboard, for one."""
    if event.our_id is None:
        return Handled.IGNORED  # we name each of ours
    async with context.db.begin() as session:
        payout = await queries.by_id(session, event.our_id)
    if payout is None:
        return Handled.MISSING_PARENT
    if payout.provider != event.provider:
        return Handled.IGNORED
    if event.object != (payout.transfer_reference or event.object):
        # As with payouts: the money may have left twice.
        metrics.MISMATCHES.add(1)
        _log.error("payout_made_twice", payout=str(payout.id), object=event.object)
        raise NotOurPayout(f"{event.object} is not {payout.transfer_reference}")
    await flows.go_on(context, payout.id)
    return Handled.DONE


# On a seller's own account (Stripe Connect), so of every account.
HANDLERS = (
    InboundHandler("payout", on_payout, is_for_every_account=True),
    InboundHandler("transfer", on_transfer),
)
