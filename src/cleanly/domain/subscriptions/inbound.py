"""Provider news on subscriptions: find ours, then look, as everybody does."""

from cleanly.domain.subscriptions import flows, queries
from cleanly.domain.subscriptions.looking import PLAY
from cleanly.domain.subscriptions.play import flows as play
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandler


async def on_subscription(context: Context, event: ProviderEvent) -> Handled:
    """By our id in the object's metadata; else by the provider's. Neither: somebody else's on a shared account."""
    async with context.db.begin() as session:
        found = await queries.by_reference(session, event.provider, event.account, event.object)
        if found is None and event.our_id is not None:
            found = await queries.by_id(session, event.our_id)
    if found is None and event.provider == PLAY:
        return await play.adopt(context, event.object)
    if found is None:
        return Handled.MISSING_PARENT if event.our_id is not None else Handled.IGNORED
    if (found.provider, found.provider_account) != (event.provider, event.account):
        return Handled.IGNORED
    await flows.refresh(context, found.id, reference=event.object)
    return Handled.DONE


HANDLERS = (InboundHandler("subscription", on_subscription),)
