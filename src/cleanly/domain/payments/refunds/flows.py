"""A refund across the network: set aside, ask the provider, apply what it says."""

from dataclasses import dataclass
from uuid import UUID

import structlog

from cleanly.domain.payments import flows as payment_flows
from cleanly.domain.payments import metrics, rules
from cleanly.domain.payments import queries as payments
from cleanly.domain.payments.errors import InvalidState, TooMuch
from cleanly.domain.payments.messages import LateCapture
from cleanly.domain.payments.queries import Payment
from cleanly.domain.payments.refunds import queries, service
from cleanly.domain.payments.refunds.queries import Refund
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError, NotFound, Unavailable
from cleanly.kernel.ids import new_id
from cleanly.kernel.messages import Handled, ProviderEvent, Tick
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit
from cleanly.platform.cache.service import Cache
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.errors import (
    CannotLook,
    NotSent,
    PaymentDeclined,
    ProviderError,
    ProviderTimeout,
    Refused,
    Unknown,
    UnsupportedByProvider,
    as_answers,
)
from cleanly.platform.providers.protocol import Capability, Provider, RefundSnapshot
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.rules import MEMORY_MARGIN
from cleanly.platform.providers.service import Call, LookAgain

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
    origin: Origin,
) -> Refund:
    """First transaction: the amount is set aside, under the key. An earlier try that died is taken up again.

    Raises:
        InvalidState, TooMuch. UnsupportedByProvider: nothing can be given back there.
    """
    if Capability.REFUNDS not in context.part(Providers).get(payment.provider).capabilities:
        raise UnsupportedByProvider
    async with context.db.begin() as session:
        started = await once.start(session, new_id())
        if started.is_resumed:
            refund = await queries.by_id(session, started.resource_id)
            if refund is not None:
                return refund
        now = context.clock.now()
        refund = await service.ask(
            session,
            payment.id,
            refund_id=started.resource_id,
            amount=amount,
            reason=reason,
            by=caller.user_id,
            now=now,
        )
        asked = {"refund": str(refund.id), "amount": refund.money.amount, "currency": refund.money.currency}
        await audit.record(
            session,
            "payment.refund_asked",
            at=now,
            origin=origin,
            actor_id=caller.user_id,
            target_id=payment.id,
            details=asked,
        )
        return refund


async def send(context: Context, refund: Refund) -> Refund:
    """Ask the provider, or make sure that it was asked, and apply the answer.

    Raises:
        PaymentDeclined: definitely refused. ProviderTimeout: in doubt, the janitor settles it. ProviderError.
    """
    if refund.state == "unknown" or context.clock.now() - refund.created_at >= rules.CALL_TIME:
        # A key outlives no provider's memory: look before asking again.
        with as_answers():
            refund = await refresh(context, refund.id)
    if refund.state == "failed" and refund.reference is None:
        raise PaymentDeclined(_REFUSED, details={"declineCode": refund.failure_code})
    if refund.state not in {"created", "unknown"} or refund.reference is not None:
        return refund
    return await _ask_provider(context, refund)


async def _ask_provider(context: Context, refund: Refund) -> Refund:
    provider = context.part(Providers).get(refund.provider)
    noted = await _note(context, provider, refund)
    if noted is None:
        raise ProviderTimeout
    try:
        seen = await provider.refund(
            noted.payment.reference or "",
            noted.payment.charge or "",
            refund.money,
            our_id=refund.id,
            key=noted.call.key,
        )
    except Refused as error:
        now = context.clock.now()
        async with context.db.begin() as session:
            await service.refuse(session, refund.id, error.code, now=now)
            await calls.end_call(session, noted.call.id, "refused", error_code=error.code, now=now)
        raise PaymentDeclined(_REFUSED, details={"declineCode": error.code}) from error
    except Unknown as error:
        now = context.clock.now()
        async with context.db.begin() as session:
            await service.doubt(session, refund.id, now=now)
            await calls.end_call(session, noted.call.id, "unknown", now=now)
        raise ProviderTimeout from error
    except NotSent as error:
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    metrics.REFUNDS.add(1, {"provider": refund.provider, "outcome": seen.state})
    with_answer = await _apply(context, refund.id, seen, revision=noted.revision, call=noted.call)
    with as_answers():
        return await _read(context, refund.id) if with_answer else await refresh(context, refund.id)


@dataclass(frozen=True, slots=True)
class _Noted:
    call: Call
    payment: Payment
    revision: int


async def _note(context: Context, provider: Provider, refund: Refund) -> _Noted | None:
    """First step. None: its key is too old to be used again, and one more look must come first."""
    async with context.db.begin() as session:
        payment, fresh = await service.lock(session, refund.id)
        call = await calls.begin_call(
            session,
            provider,
            "refund",
            refund.id,
            refund.money,
            now=context.clock.now(),
            key_memory=provider.refund_key_memory,
        )
        if isinstance(call, LookAgain):
            await service.look_again(session, refund.id, call.at)
            return None
        return _Noted(call, payments.payment_of(payment), fresh.revision)


async def _apply(
    context: Context, refund_id: UUID, seen: RefundSnapshot, *, revision: int, call: Call | None = None
) -> service.Applied | None:
    """Third step, or what a look means: the call's end and its effect are one commit. None: the snapshot is stale."""
    now = context.clock.now()
    async with context.db.begin() as session:
        if call is not None:
            await service.lock(session, refund_id)
            await calls.end_call(session, call.id, "succeeded", provider_object=seen.reference, now=now)
        applied = await service.apply(session, context.part(Cache), refund_id, seen, revision=revision, now=now)
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
            seen = await _find(context, provider, refund)
        if seen is None:
            if is_scheduled:
                async with context.db.begin() as session:
                    await service.looked_in_vain(session, refund_id, now=context.clock.now())
            return refund
        if await _apply(context, refund_id, seen, revision=refund.revision) is not None:
            return await _read(context, refund_id)
    raise Unavailable


async def _find(context: Context, provider: Provider, refund: Refund) -> RefundSnapshot | None:
    """Look for one whose answer never came. Where none can be seen, it is asked again under its key, while that holds.

    Raises:
        CannotLook: its key may be forgotten, so another call might give the money back twice: a person's.
    """
    async with context.db.begin() as session:
        payment = await payments.by_id(session, refund.payment_id)
    try:
        return await provider.find_refund((payment.reference if payment else None) or "", refund.id)
    except CannotLook:
        # No call of it is older than its row.
        if context.clock.now() - refund.created_at >= provider.refund_key_memory - MEMORY_MARGIN:
            raise
        return None


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
    try:
        async with context.db.begin() as session:
            refund_id = await service.adopt(session, payment.id, seen, now=context.clock.now())
    except TooMuch:
        metrics.MISMATCHES.add(1)
        _log.error("refund_above_cap", payment=str(payment.id), object=seen.reference)
        raise
    await refresh(context, refund_id, reference=event.object)
    return Handled.DONE


async def refund_late_capture(context: Context, late: LateCapture) -> None:
    """Money that came after the payment was given up goes back, once. What fails is the janitor's, or a person's."""
    try:
        async with context.db.begin() as session:
            refund = await service.of_late_capture(session, late.payment_id, now=context.clock.now())
        if refund is not None:
            await send(context, refund)
    except (InvalidState, PaymentDeclined) as error:
        _log.error("late_capture_not_refunded", payment=str(late.payment_id), error=error.text)
    except (ProviderTimeout, ProviderError) as error:
        _log.warning("late_capture_refund_waits", payment=str(late.payment_id), error=type(error).__name__)


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
        if isinstance(error, (Refused, CannotLook, UnsupportedByProvider)):
            async with context.db.begin() as session:
                await service.put_off(session, refund_id, now=context.clock.now())
