"""Payments across the network: note it, call the provider, apply what it says. Never a transaction on the wire.

The buyer's return, the webhook, the janitor and the operator all go through `refresh`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import structlog

from cleanly.domain.payments import calling, metrics, queries, rules, service
from cleanly.domain.payments.calling import Ended, Noted
from cleanly.domain.payments.queries import Payment
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound, Unavailable
from cleanly.kernel.messages import ProviderEvent
from cleanly.kernel.principal import Caller
from cleanly.platform.providers.errors import (
    NotSent,
    NotThere,
    Refused,
    Unknown,
    as_answers,
)
from cleanly.platform.providers.protocol import PaymentSnapshot
from cleanly.platform.providers.registry import Providers

REFRESH_ATTEMPTS_MAX = 5
_COMPLETED_FROM = frozenset({"created", "requires_action", "unknown"})
_log = structlog.get_logger(__name__)


async def settle(context: Context, payment_id: UUID, seen: PaymentSnapshot, noted: Noted) -> Payment:
    """Apply the answer to a call; if another snapshot was applied meanwhile, fetch again."""
    applied = await calling.apply(
        context, payment_id, seen, revision=noted.revision, ended=Ended(noted.call, "succeeded")
    )
    if applied is None:
        return await refresh(context, payment_id)
    return await _after(context, payment_id, applied)


async def _after(context: Context, payment_id: UUID, applied: service.Applied) -> Payment:
    if applied.is_new_mismatch:
        metrics.MISMATCHES.add(1)
        _log.error("payment_mismatch", payment=str(payment_id))
    elif isinstance(applied.verdict, rules.Capture) and applied.verdict.is_late:
        _log.error("payment_late_capture", payment=str(payment_id))
    async with context.db.begin() as session:
        payment = await queries.by_id(session, payment_id)
    if payment is None:
        raise NotFound
    if applied.give_back and payment.reference is not None:
        await _give_back(context, payment, payment.reference)
    return payment


async def _give_back(context: Context, payment: Payment, reference: str) -> None:
    """The provider holds an authorization that we gave up."""
    provider = context.part(Providers).get(payment.provider)
    noted = await calling.note(context, provider, payment.id, "give_back", None, within=rules.OVER)
    if noted is None:
        return
    try:
        seen = await provider.cancel_payment(reference, key=noted.call.key)
    except Refused as error:
        await calling.refused(context, payment, noted, error)
        raise
    except Unknown:
        await calling.doubted(context, payment, noted)
        raise
    await calling.apply(context, payment.id, seen, revision=noted.revision, ended=Ended(noted.call, "succeeded"))


async def refresh(
    context: Context, payment_id: UUID, *, reference: str | None = None, is_scheduled: bool = False
) -> Payment:
    """Look at the provider and apply what it says. `reference`: its id, from news that came before our own answer.

    `is_scheduled`: the janitor's look, which counts if it finds nothing; a buyer who looks often is not its clock.

    Raises:
        NotFound: no such payment. Unavailable: others keep moving it. Refused, Unknown, NotSent: the provider.
    """
    for _ in range(REFRESH_ATTEMPTS_MAX):
        async with context.db.begin() as session:
            known = await service.known(session, payment_id)
        if known is None:
            raise NotFound
        seen = await _look(context, known.payment, reference)
        if seen is None:
            async with context.db.begin() as session:
                return await service.looked_in_vain(
                    session, payment_id, now=context.clock.now(), is_scheduled=is_scheduled
                )
        revision, ended = known.revision, None
        if seen.awaits_us and (noted := await _note_completion(context, known.payment)) is not None:
            revision = noted.revision
            seen, ended = await _complete(context, known.payment, seen, noted)
        applied = await calling.apply(context, payment_id, seen, revision=revision, ended=ended)
        if applied is not None:
            return await _after(context, payment_id, applied)
    raise Unavailable


async def _look(context: Context, payment: Payment, reference: str | None) -> PaymentSnapshot | None:
    provider = context.part(Providers).get(payment.provider)
    place = payment.reference or reference
    return await (provider.find_payment(payment.id) if place is None else provider.get_payment(place))


async def _note_completion(context: Context, payment: Payment) -> Noted | None:
    """The buyer has approved and PayPal waits for us: whoever comes first asks, all under one key.

    Not for a payment that was given up meanwhile, or is just being: nothing moves there unless we ask.
    """
    return await calling.note(
        context,
        context.part(Providers).get(payment.provider),
        payment.id,
        "capture" if payment.capture == "automatic" else "authorize",
        payment.money,
        within=_COMPLETED_FROM,
        refused_before=rules.COMPLETE_AGAIN_AFTER,
        beside=("cancel",),
    )


async def _complete(
    context: Context, payment: Payment, seen: PaymentSnapshot, noted: Noted
) -> tuple[PaymentSnapshot, Ended]:
    """Capture or authorize; a decline leaves the payment with its buyer, who may choose another way to pay.

    Raises:
        Unknown: it may have happened. NotSent: it did not.
    """
    provider = context.part(Providers).get(payment.provider)
    try:
        done = await provider.complete_payment(seen.reference, capture=payment.capture, key=noted.call.key)
    except Refused as error:
        declined = replace(seen, awaits_us=False, decline_code=error.decline_code or error.code)
        return declined, Ended(noted.call, "refused", error.code)
    except Unknown:
        await calling.doubted(context, payment, noted)
        raise
    # Still with the buyer: the approval was taken back before we could use it.
    return done, Ended(noted.call, "refused" if done.state == "requires_action" else "succeeded")


async def look_for_buyer(context: Context, payment: Payment) -> Payment:
    """The buyer is back and wants to know: ask the provider, but not more than every 2 s and not longer than 5."""
    settings, now = context.part(PaymentSettings), context.clock.now()
    if payment.state not in rules.WAITING:
        return payment
    if payment.looked_at and (now - payment.looked_at).total_seconds() < settings.payment_look_seconds_min:
        return payment
    try:
        async with asyncio.timeout(settings.payment_look_seconds_max):
            return await refresh(context, payment.id)
    except (TimeoutError, Unavailable, Refused, Unknown, NotSent) as error:
        _log.warning("payment_look_failed", payment=str(payment.id), error=type(error).__name__)
        return payment


async def client_parameters(context: Context, payment: Payment, caller: Caller) -> Mapping[str, str]:
    """What the provider's SDK on the phone needs while the buyer must act; never stored, never logged."""
    if payment.buyer_id != caller.user_id or payment.reference is None or payment.state != "requires_action":
        return {}
    provider = context.part(Providers).get(payment.provider)
    with as_answers():
        return await provider.client_parameters(payment.reference, customer=payment.customer)


async def parent_of(context: Context, event: ProviderEvent, reference: str) -> Payment | None:
    """The payment that a refund or dispute hangs on, looked at if it is not captured yet; None: not ours.

    Its news may come before we know its payment's id there: then the payment itself says whose it is.

    Raises:
        Refused, Unknown, NotSent: the provider. NotFound: it says ours, but the row is not to be seen yet.
    """
    async with context.db.begin() as session:
        payment = await queries.by_reference(session, event.provider, event.account, reference=reference)
    if payment is None:
        try:
            seen = await context.part(Providers).get(event.provider).get_payment(reference)
        except NotThere:
            return None  # what others sell on a shared account may be made in ways that we do not know
        if seen.our_id is None:
            return None
        return await refresh(context, seen.our_id, reference=seen.reference)
    return payment if payment.state == "captured" else await refresh(context, payment.id)
