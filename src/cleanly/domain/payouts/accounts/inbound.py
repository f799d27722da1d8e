"""Provider news on a seller's account: find ours, then look, as everybody does."""

from cleanly.domain.payouts.accounts import flows, queries
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandler
from cleanly.platform.providers.registry import Providers


async def on_account(context: Context, event: ProviderEvent) -> Handled:
    """By our id in its metadata, else by the provider's. Neither: somebody else's on a shared account."""
    ours = context.part(Providers).sellers(event.provider).account
    async with context.db.begin() as session:
        if event.our_id is not None:
            account = await queries.by_id(session, event.our_id)
        else:
            account = await queries.by_reference(session, event.provider, ours, reference=event.object)
    if account is None:
        return Handled.MISSING_PARENT if event.our_id is not None else Handled.IGNORED
    if (account.provider, account.provider_account) != (event.provider, ours) or account.ended_at is not None:
        return Handled.IGNORED
    await flows.refresh(context, account.id, reference=event.object)
    return Handled.DONE


# News of a seller's account carries that account's name, and not ours.
HANDLERS = (InboundHandler("account", on_account, is_for_every_account=True),)
