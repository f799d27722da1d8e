"""A provider's news on its own books: they are complete up to now, so read them."""

from cleanly.domain.ledger.reconciliation.messages import RECONCILE_ONE, OneProvider
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandler
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.protocol import Capability
from cleanly.platform.providers.registry import Providers


async def on_entries(context: Context, event: ProviderEvent) -> Handled:
    """Reading takes its time, so a job does it; asked for twice it changes nothing more."""
    if Capability.LIST_ENTRIES not in context.part(Providers).get(event.provider).capabilities:
        return Handled.IGNORED
    async with context.db.begin() as session:
        wanted = OneProvider(provider=event.provider)
        await jobs.enqueue(session, RECONCILE_ONE, wanted, lock=f"reconcile:{event.provider}")
    return Handled.DONE


HANDLERS = (InboundHandler("entry", on_entries),)
