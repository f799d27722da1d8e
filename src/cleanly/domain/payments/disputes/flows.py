"""News on a dispute: find its payment, look at the provider, apply what it says."""

from uuid import UUID

from cleanly.domain.payments import flows as payments
from cleanly.domain.payments.disputes import queries, service
from cleanly.domain.payments.disputes.queries import Dispute
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound, Unavailable
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.platform.cache.service import Cache
from cleanly.platform.providers.registry import Providers

REFRESH_ATTEMPTS_MAX = 5


async def on_dispute(context: Context, event: ProviderEvent) -> Handled:
    """By the payment that the dispute names. A dispute before its capture waits for it."""
    provider = context.part(Providers).get(event.provider)
    seen = await provider.get_dispute(event.object)
    payment = await payments.parent_of(context, event, seen.payment_reference)
    if payment is None:
        return Handled.IGNORED
    if payment.state != "captured":
        return Handled.MISSING_PARENT
    async with context.db.begin() as session:
        dispute_id = await service.adopt(session, payment.id, seen, account=event.account, now=context.clock.now())
    await refresh(context, dispute_id)
    return Handled.DONE


async def refresh(context: Context, dispute_id: UUID) -> Dispute:
    """Look at the provider and apply what it says.

    Raises:
        NotFound: no such dispute. Unavailable: others keep moving it. Refused, Unknown, NotSent: the provider.
    """
    for _ in range(REFRESH_ATTEMPTS_MAX):
        async with context.db.begin() as session:
            dispute = await queries.by_id(session, dispute_id)
        if dispute is None:
            raise NotFound
        seen = await context.part(Providers).get(dispute.provider).get_dispute(dispute.reference)
        async with context.db.begin() as session:
            is_applied = await service.apply(
                session,
                context.part(Cache),
                dispute_id,
                seen,
                revision=dispute.revision,
                now=context.clock.now(),
            )
        if is_applied:
            async with context.db.begin() as session:
                fresh = await queries.by_id(session, dispute_id)
            return fresh or dispute
    raise Unavailable
