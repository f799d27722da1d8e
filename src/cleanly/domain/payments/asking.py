"""What is asked of a provider: make a payment, take it, give it up. Noted before the call, applied after it."""

from typing import Literal
from uuid import UUID

from cleanly.domain.catalog import service as catalog_writes
from cleanly.domain.payments import metrics, queries, service
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payments.flows import as_answers, refresh, settle
from cleanly.domain.payments.offers import Wanted, offer
from cleanly.domain.payments.queries import Payment
from cleanly.domain.payments.rules import CALL_TIME
from cleanly.kernel.context import Context
from cleanly.kernel.errors import ValidationFailed
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
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
    UnsupportedByProvider,
)
from cleanly.platform.providers.protocol import Capability, NewPayment, PaymentSnapshot, Provider
from cleanly.platform.providers.registry import Providers

# What has not been answered by then is looked for before it is asked again: a key outlives no provider's memory.
_BEFORE_MONEY = {"created", "unknown"}


async def begin(context: Context, caller: Caller, wanted: Wanted, once: OncePerCall) -> Payment:
    """Our row and its key, under the idempotency record. An earlier try that died is taken up where it stands.

    Raises:
        As `offer`; never for a payment that is already there, whatever became of its price.
    """
    async with context.db.begin() as session:
        started = await once.start(session, new_id())
        payment = await queries.by_id(session, started.resource_id)
    if payment is not None:
        return payment
    price, provider, customer = await offer(context, caller, wanted)
    now = context.clock.now()
    async with context.db.begin() as session:
        await catalog_writes.mark_used(session, price.price_id, now=now)
        return await service.create(
            session,
            payment_id=started.resource_id,
            buyer_id=caller.user_id,
            price=price,
            quantity=wanted.quantity,
            provider=provider.name,
            provider_account=provider.account,
            customer=customer,
            capture=wanted.capture,
            meta=wanted.meta,
            now=now,
        )


async def send(context: Context, payment: Payment) -> Payment:
    """Make the payment at the provider, or make sure that it was made, and apply the answer.

    Raises:
        PaymentDeclined: definitely refused. ProviderTimeout: in doubt, the janitor settles it. ProviderError.
    """
    if payment.state == "unknown" or context.clock.now() - payment.created_at >= CALL_TIME:
        async with as_answers():
            payment = await refresh(context, payment.id)
    if payment.state == "failed":
        raise PaymentDeclined(details={"declineCode": payment.decline_code or "declined"})
    if payment.state not in _BEFORE_MONEY or payment.reference is not None:
        return payment
    return await _create(context, payment)


async def _create(context: Context, payment: Payment) -> Payment:
    provider = context.part(Providers).get(payment.provider)
    now = context.clock.now()
    async with context.db.begin() as session:
        row = await service.lock(session, payment.id)
        revision = row.revision
        call = await calls.begin_call(
            session, provider=provider.name, operation="create", subject_id=payment.id, money=payment.money, now=now
        )
    new = NewPayment(
        our_id=payment.id,
        money=payment.money,
        capture=payment.capture,
        customer=payment.customer,
        description=payment.description,
        transfer_group=str(payment.id),
    )
    try:
        seen = await provider.create_payment(new, key=call.key)
    except Refused as error:
        await _settle_refusal(context, payment.id, call.id, error)
        raise PaymentDeclined(details={"declineCode": error.decline_code or error.code}) from error
    except Unknown as error:
        await _settle_doubt(context, payment.id, call.id)
        raise ProviderTimeout from error
    except NotSent as error:
        metrics.PAYMENTS.add(1, {"provider": provider.name, "outcome": "not_sent"})
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    metrics.PAYMENTS.add(1, {"provider": provider.name, "outcome": seen.state})
    return await _settle(context, payment.id, call.id, seen, revision=revision)


async def _settle(
    context: Context, payment_id: UUID, call_id: UUID, seen: PaymentSnapshot, *, revision: int
) -> Payment:
    async with context.db.begin() as session:
        await calls.end_call(session, call_id, "succeeded", provider_object=seen.reference, now=context.clock.now())
    async with as_answers():
        return await settle(context, payment_id, seen, revision=revision)


async def _settle_refusal(context: Context, payment_id: UUID, call_id: UUID, error: Refused) -> None:
    now = context.clock.now()
    async with context.db.begin() as session:
        await calls.end_call(session, call_id, "refused", error_code=error.code, now=now)
        await service.refuse(session, payment_id, error.decline_code or error.code, now=now)
    metrics.PAYMENTS.add(1, {"outcome": "refused"})


async def _settle_doubt(context: Context, payment_id: UUID, call_id: UUID) -> None:
    now = context.clock.now()
    async with context.db.begin() as session:
        await calls.end_call(session, call_id, "unknown", now=now)
        await service.doubt(session, payment_id, now=now)
    metrics.PAYMENTS.add(1, {"outcome": "unknown"})


async def capture(context: Context, payment: Payment, amount: int | None) -> Payment:
    """Take an authorized payment, all or part of it, once.

    Raises:
        InvalidState: not authorized, or another amount is being taken. PaymentDeclined, ProviderError, ProviderTimeout.
    """
    provider = context.part(Providers).get(payment.provider)
    money = Money(payment.money.amount if amount is None else amount, payment.money.currency)
    if money.amount > payment.money.amount:
        raise ValidationFailed.of("amount", "too_large", "That is more than was authorized")
    if money.amount < payment.money.amount and Capability.PARTIAL_CAPTURE not in provider.capabilities:
        raise UnsupportedByProvider
    payment = await _out_of_doubt(context, payment)
    if _is_done(payment, "capture", money):
        return payment  # a retry whose first answer was lost
    if payment.state != "authorized" or payment.reference is None:
        raise InvalidState.of(payment.state, "Only an authorized payment can be captured")
    return await _change(context, payment, provider, "capture", money)


async def cancel(context: Context, payment: Payment) -> Payment:
    """Give a payment up before money has moved.

    Raises:
        InvalidState: captured, or the provider is still deciding. ProviderError, ProviderTimeout.
    """
    payment = await _out_of_doubt(context, payment)
    if payment.state == "canceled":
        return payment
    if payment.state not in {"requires_action", "authorized"} or payment.reference is None:
        raise InvalidState.of(payment.state, "This payment can't be canceled now")
    return await _change(context, payment, context.part(Providers).get(payment.provider), "cancel", None)


async def _out_of_doubt(context: Context, payment: Payment) -> Payment:
    if payment.state not in _BEFORE_MONEY:
        return payment
    async with as_answers():
        return await refresh(context, payment.id)


def _is_done(payment: Payment, operation: Literal["capture", "cancel"], money: Money | None) -> bool:
    if operation == "cancel":
        return payment.state == "canceled"
    is_taken = payment.state == "captured" and payment.capture == "manual"
    return is_taken and money is not None and payment.captured == money.amount


async def _change(
    context: Context, payment: Payment, provider: Provider, operation: Literal["capture", "cancel"], money: Money | None
) -> Payment:
    reference = payment.reference or ""
    now = context.clock.now()
    try:
        async with context.db.begin() as session:
            revision = (await service.lock(session, payment.id)).revision
            call = await calls.begin_call(
                session, provider=provider.name, operation=operation, subject_id=payment.id, money=money, now=now
            )
    except calls.OtherArguments as error:
        raise InvalidState.of(payment.state, "Another amount is being captured already") from error
    try:
        seen = await (
            provider.cancel_payment(reference, key=call.key)
            if money is None
            else provider.capture_payment(reference, money, key=call.key)
        )
    except Refused as error:
        return await _after_refusal(context, payment, call.id, error, operation=operation, money=money)
    except Unknown as error:
        await _settle_doubt(context, payment.id, call.id)
        raise ProviderTimeout from error
    except NotSent as error:
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    return await _settle(context, payment.id, call.id, seen, revision=revision)


async def _after_refusal(
    context: Context,
    payment: Payment,
    call_id: UUID,
    error: Refused,
    *,
    operation: Literal["capture", "cancel"],
    money: Money | None,
) -> Payment:
    """A refusal may mean that it is done already, or that something else was faster: a look tells."""
    async with context.db.begin() as session:
        await calls.end_call(session, call_id, "refused", error_code=error.code, now=context.clock.now())
    async with as_answers():
        looked = await refresh(context, payment.id)
    if _is_done(looked, operation, money):
        return looked
    if looked.state != payment.state:
        raise InvalidState.of(looked.state, "The payment has moved on meanwhile") from error
    if operation == "capture":
        raise PaymentDeclined(details={"declineCode": error.decline_code or error.code}) from error
    raise ProviderError from error
