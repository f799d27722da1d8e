"""Forgetting in short transactions, until there is nothing left to forget."""

from datetime import timedelta
from uuid import UUID

from cleanly.kernel.context import Context
from cleanly.platform.webhooks.outbound.history import service
from cleanly.platform.webhooks.outbound.settings import OutboundSettings


async def sweep(context: Context) -> int:
    """Delete what is older than OUTBOUND_KEEP_DAYS, and keys that sign no more; how many messages there were."""
    now = context.clock.now()
    before = now - timedelta(days=context.part(OutboundSettings).outbound_keep_days)
    deleted, after = 0, None
    while True:
        async with context.db.begin() as session:
            done = await service.sweep(session, before=before, after=after)
        deleted, after = deleted + done.deleted, done.last_id
        if after is None:
            break
    ended = service.BATCH
    while ended == service.BATCH:
        async with context.db.begin() as session:
            ended = await service.sweep_secrets(session, before=now)
    return deleted


async def forget(context: Context, account_id: UUID) -> None:
    """Delete every message of an account."""
    gone = service.BATCH
    while gone == service.BATCH:
        async with context.db.begin() as session:
            gone = await service.forget_messages(session, account_id)
