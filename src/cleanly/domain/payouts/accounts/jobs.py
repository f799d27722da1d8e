"""Queued and scheduled work on sellers' accounts."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.accounts import flows, queries
from cleanly.domain.payouts.accounts.messages import LOOK_AFTER, WARN_SELLER, DestinationMoved
from cleanly.domain.users import queries as users
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError
from cleanly.kernel.messages import Tick
from cleanly.kernel.module import Cron, FlowJob, TxJob
from cleanly.platform.mail.service import Mailer, Template
from cleanly.platform.providers.errors import NotSent, Refused, Unknown

_log = structlog.get_logger(__name__)
LOOKS_MAX = 200


async def warn_seller(session: AsyncSession, moved: DestinationMoved, context: Context) -> None:
    """By mail, to the address of the account: whoever changed the destination may not be the seller."""
    seller = await users.by_id(session, moved.seller_id)
    if seller is not None:
        values = {"name": seller.name, "provider": moved.provider, "destination": moved.hint}
        mailer = context.part(Mailer)
        await mailer.enqueue(session, to=seller.email, template=Template.DESTINATION_CHANGED, values=values)


async def look_after(context: Context, _tick: Tick) -> None:
    """Look at accounts whose news may be lost: that of connected accounts is in no list that could be swept."""
    async with context.db.begin() as session:
        waiting = await queries.waiting(session, now=context.clock.now(), limit=LOOKS_MAX)
    for account in waiting:
        try:
            await flows.refresh(context, account.id)
        except (Refused, Unknown, NotSent, AppError) as error:
            # One that can't be seen now must not hold up the others; it comes again.
            _log.warning("payout_account_look_failed", account=str(account.id), error=type(error).__name__)


JOBS = (TxJob(WARN_SELLER, warn_seller), FlowJob(LOOK_AFTER, look_after))
CRONS = (Cron("37 * * * *", LOOK_AFTER),)
