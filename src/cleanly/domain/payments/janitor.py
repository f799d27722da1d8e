"""What is still open long after it should have ended: asked again, and never given up because nothing was found."""

from datetime import datetime
from uuid import UUID

import structlog

from cleanly.domain.payments import asking, flows, queries, rules, service, waiting
from cleanly.domain.payments.play import flows as play
from cleanly.domain.payments.queries import Payment
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError
from cleanly.kernel.messages import Tick
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.errors import NotSent, Refused, Unknown, UnsupportedByProvider

BATCH = 50
BATCHES_MAX = 20
_log = structlog.get_logger(__name__)


async def clean(context: Context, _tick: Tick) -> None:
    """Look at every payment whose time has come, page by page."""
    async with context.db.begin() as session:
        await calls.doubt_old_calls(session, now=context.clock.now())
    for _ in range(BATCHES_MAX):
        async with context.db.begin() as session:
            due = await waiting.claim_due(session, now=context.clock.now(), limit=BATCH)
        for payment_id in due:
            await _one(context, payment_id)
        if len(due) < BATCH:
            return


async def _one(context: Context, payment_id: UUID) -> None:
    async with context.db.begin() as session:
        payment = await queries.by_id(session, payment_id)
    if payment is None:
        return
    try:
        if payment.provider == play.PLAY:
            await play.refresh(context, payment_id)
            return
        looked = await flows.refresh(context, payment_id, is_scheduled=True)
        looked = await asking.go_on(context, looked)
        await _push(context, looked, now=context.clock.now())
    except (Refused, Unknown, NotSent, AppError) as error:
        # Each payment for itself: one that can't be settled now must not hold up the others. It stays due.
        _log.warning("janitor_could_not_settle", payment=str(payment_id), error=type(error).__name__)
        if isinstance(error, (Refused, UnsupportedByProvider)):
            async with context.db.begin() as session:
                waiting.put_off(await service.lock(session, payment_id), now=context.clock.now())


async def _push(context: Context, payment: Payment, *, now: datetime) -> None:
    """What a look alone does not settle: a payment that never got there is made, an old wish is given back."""
    if payment.state in {"created", "unknown"} and payment.reference is None:
        await asking.send(context, payment)
    elif payment.state == "requires_action" and now >= payment.created_at + rules.ACTION_TIME:
        await asking.cancel(context, payment)
    elif payment.state == "authorized":
        async with context.db.begin() as session:
            runs_out = await service.authorization_runs_out(session, payment.id, now=now)
        if runs_out:
            await asking.cancel(context, payment)
