"""A refund across the network: set aside, ask the provider, apply what it says."""

from uuid import UUID

import structlog

from cleanly.domain.payments import flows as payment_flows
from cleanly.domain.payments import metrics, rules
from cleanly.domain.payments import queries as payments
from cleanly.domain.payments.queries import Payment
from cleanly.domain.payments.refunds import queries, service
from cleanly.domain.payments.refunds.queries import Refund
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError, NotFound, Unavailable
from cleanly.kernel.ids import new_id
from cleanly.kernel.messages import Handled, ProviderEvent, Tick
from cleanly.kernel.principal import Caller
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.errors import (
    NotSent,
    PaymentDeclined,
    ProviderError,
    ProviderTimeout,
    Refused,
    Unknown,
)
from cleanly.platform.providers.protocol import RefundSnapshot
from cleanly.platform.providers.registry import Providers

REFRESH_ATTEMPTS_MAX = 5
BATCH = 50
BATCHES_MAX = 20
_REFUSED = "The provider refused the refund"
_log = structlog.get_logger(__name__)


async def begin(
    context: Context,
    caller: Caller,
    payment: Payment,
    once: OncePerCall,
    *,
    amount: int | None,
    reason: str | None,
) -> Refund:
    """First transaction: the amount is set aside, under the key. An earlier try that died is taken up again.

    Raises:
        InvalidState, TooMuch.
    """
    async with context.db.begin() as session:
        started = await once.start(session, new_id())
        if started.is_resumed:
            refund = await queries.by_id(session, started.resource_id)
            if refund is not None:
                return refund
        return await service.ask(
            session,
            payment.id,
            refund_id=started.resource_id,
            amount=amount,
            reason=reason,
            by=caller.user_id,
            now=context.clock.now(),
        )


async def send(context: Context, refund: Refund) -> Refund:
    """Ask the provider, or make sure that it was asked, and apply the answer.

    Raises:
        PaymentDeclined: definitely refused. ProviderTimeout: in doubt, the janitor settles it. ProviderError.
    """
    now = context.clock.now()
    if refund.state == "unknown" or now - refund.created_at >= rules.CALL_TIME:
        # A key outlives no provider's memory: look before asking again.
        async with payment_flows.as_answers():
            refund = await refresh(context, refund.id)
    if refund.state == "failed" and refund.reference is None:
        raise PaymentDeclined(_REFUSED, details={"declineCode": refund.failure_code})
    if refund.state not in {"created", "unknown"} or refund.reference is not None:
        return refund
    provider = context.part(Providers).get(refund.provider)
    async with context.db.begin() as session:
        payment, fresh = await service.lock(session, refund.id)
        call = await calls.begin_call(
            session, provider=provider.name, operation="refund", subject_id=refund.id, money=refund.money, now=now
        )
    try:
        seen = await provider.refund(
            payment.provider_payment_id or "",
            payment.provider_charge_id or "",
            refund.money,
            our_id=refund.id,
            key=call.key,
        )
    except Refused as error:
        async with context.db.begin() as session:
            await calls.end_call(session, call.id, "refused", error_code=error.code, now=now)
            await service.refuse(session, refund.id, error.code, now=now)
        raise PaymentDeclined(_REFUSED, details={"declineCode": error.code}) from error
    except Unknown as error:
        async with context.db.begin() as session:
            await calls.end_call(session, call.id, "unknown", now=now)
            await service.doubt(session, refund.id, now=now)
        raise ProviderTimeout from error
    except NotSent as error:
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    async with context.db.begin() as session:
        await calls.end_call(session, call.id, "succeeded", provider_object=seen.reference, now=context.clock.now())
    metrics.REFUNDS.add(1, {"provider": refund.provider, "outcome": seen.state})
    async with payment_flows.as_answers():
        return await _settle(context, refund.id, seen, revision=fresh.revision)


async def _settle(context: Context, refund_id: UUID, seen: RefundSnapshot, *, revision: int) -> Refund:
    applied = await _apply(context, refund_id, seen, revision=revision)
    if applied is None:
        return await refresh(context, refund_id)
    return await _read(context, refund_id)


async def _apply(context: Context, refund_id: UUID, seen: RefundSnapshot, *, revision: int) -> service.Applied | None:
    async with context.db.begin() as session:
        applied = await service.apply(session, refund_id, seen, revision=revision, now=context.clock.now())
    if applied is not None and applied.is_mismatch:
        metrics.MISMATCHES.add(1)
        _log.error("refund_mismatch", refund=str(refund_id))
    return applied


async def _read(context: Context, refund_id: UUID) -> Refund:
    async with context.db.begin() as session:
        refund = await queries.by_id(session, refund_id)
    if refund is None:
        raise NotFound
    return refund


async def refresh(
    context: Context, refund_id: UUID, *, reference: str | None = None, is_scheduled: bool = False
) -> Refund:
    """Look at the provider and apply what it says. `is_scheduled`: the janitor's look, which counts if in vain.

    Raises:
        NotFound: no such refund. Unavailable: others keep moving it. Refused, Unknown, NotSent: the provider.
    """
    for _ in range(REFRESH_ATTEMPTS_MAX):
        refund = await _read(context, refund_id)
        provider = context.part(Providers).get(refund.provider)
        place = refund.reference or reference
        if place is not None:
            seen: RefundSnapshot | None = await provider.get_refund(place)
        else:
            async with context.db.begin() as session:
                payment = await payments.by_id(session, refund.payment_id)
            seen = await provider.find_refund((payment.reference if payment else None) or "", refund_id)
        if seen is None:
            if is_scheduled:
                async with context.db.begin() as session:
                    await service.looked_in_vain(session, refund_id, now=context.clock.now())
            return refund
        if await _apply(context, refund_id, seen, revision=refund.revision) is not None:
            return await _read(context, refund_id)
    raise Unavailable


async def on_refund(context: Context, event: ProviderEvent) -> Handled:
    """News on a refund: ours by our id, or one made in the provider's dashboard, which gets its row."""
    provider = context.part(Providers).get(event.provider)
    seen = await provider.get_refund(event.object)
    our_id = seen.our_id or event.our_id
    if our_id is not None:
        async with context.db.begin() as session:
            known = await queries.by_id(session, our_id)
        if known is None:
            return Handled.MISSING_PARENT
        await refresh(context, our_id, reference=event.object)
        return Handled.DONE
    payment = await payment_flows.parent_of(context, event, seen.payment_reference)
    if payment is None:
        return Handled.IGNORED
    if payment.state != "captured":
        return Handled.MISSING_PARENT  # its capture has not been seen yet
    async with context.db.begin() as session:
        refund_id = await service.adopt(session, payment.id, seen, now=context.clock.now())
    await refresh(context, refund_id, reference=event.object)
    return Handled.DONE


async def clean(context: Context, _: Tick) -> None:
    """The janitor of refunds: those in doubt are asked again under the same key, those pending are looked at."""
    for _page in range(BATCHES_MAX):
        async with context.db.begin() as session:
            due = await service.claim_due(session, now=context.clock.now(), limit=BATCH)
        for refund_id in due:
            await _settle_due(context, refund_id)
        if len(due) < BATCH:
            return


async def _settle_due(context: Context, refund_id: UUID) -> None:
    try:
        refund = await refresh(context, refund_id, is_scheduled=True)
        if refund.state in {"created", "unknown"}:
            await send(context, refund)
    except (Refused, Unknown, NotSent, AppError) as error:
        # Each for itself: one that can't be settled now stays due.
        _log.warning("janitor_could_not_settle", refund=str(refund_id), error=type(error).__name__)
