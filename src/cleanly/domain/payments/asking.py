"""What is asked of a provider: make a payment, take it, give it up. Noted before the call, applied after it."""

from typing import Literal

from cleanly.domain.catalog import service as catalog_writes
from cleanly.domain.payments import calling, metrics, queries, service
from cleanly.domain.payments.calling import Noted
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payments.flows import REFRESH_ATTEMPTS_MAX, refresh, settle
from cleanly.domain.payments.offers import Wanted, offer, on_offer
from cleanly.domain.payments.queries import Payment
from cleanly.domain.payments.rules import CALL_TIME, OPERATIONS, Operation
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Unavailable, ValidationFailed
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit
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
    as_answers,
)
from cleanly.platform.providers.protocol import Capability, NewPayment, Provider
from cleanly.platform.providers.registry import Providers

_BEFORE_MONEY = {"created", "unknown"}
# What the janitor asks again by itself. `create` it asks with `send`; the others follow from a look (`flows`).
_REPEATED = ("capture", "cancel")


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
        # The network lay between: what went off the shelf meanwhile is not sold, and a fee agreed meanwhile holds.
        price = await on_offer(session, context, caller, wanted.price_id)
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


async def start(
    context: Context,
    caller: Caller,
    payment: Payment,
    once: OncePerCall,
    *,
    action: Literal["capture_asked", "cancel_asked"],
    origin: Origin,
    amount: int | None = None,
) -> None:
    """The key and the record of who asked, in one commit before anything is asked of the provider."""
    async with context.db.begin() as session:
        started = await once.start(session, payment.id)
        if started.is_resumed:
            return
        await audit.record(
            session,
            f"payment.{action}",
            at=context.clock.now(),
            origin=origin,
            actor_id=caller.user_id,
            target_id=payment.id,
            details={} if amount is None else {"amount": amount, "currency": payment.money.currency},
        )


async def send(context: Context, payment: Payment) -> Payment:
    """Make the payment at the provider, or make sure that it was made, and apply the answer.

    Raises:
        PaymentDeclined: definitely refused. ProviderTimeout: in doubt, the janitor settles it. ProviderError.
    """
    if payment.state == "unknown" or context.clock.now() - payment.created_at >= CALL_TIME:
        with as_answers():
            payment = await refresh(context, payment.id)
    if payment.state == "failed":
        raise PaymentDeclined(details={"declineCode": payment.decline_code or "declined"})
    if payment.state not in _BEFORE_MONEY or payment.reference is not None:
        return payment
    return await _create(context, payment)


async def _create(context: Context, payment: Payment) -> Payment:
    provider = context.part(Providers).get(payment.provider)
    noted = await calling.note(context, provider, payment.id, "create", payment.money)
    if noted is None:
        raise ProviderTimeout
    new = NewPayment(
        our_id=payment.id,
        money=payment.money,
        capture=payment.capture,
        customer=payment.customer,
        description=payment.description,
        transfer_group=str(payment.id),
    )
    try:
        seen = await provider.create_payment(new, key=noted.call.key)
    except Refused as error:
        await calling.refused(context, payment, noted, error, ends_payment=True)
        raise PaymentDeclined(details={"declineCode": error.decline_code or error.code}) from error
    except Unknown as error:
        await calling.doubted(context, payment, noted)
        raise ProviderTimeout from error
    except NotSent as error:
        await calling.put_off(context, payment.id, error)
        metrics.PAYMENTS.add(1, {"provider": provider.name, "outcome": "not_sent"})
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    metrics.PAYMENTS.add(1, {"provider": provider.name, "outcome": seen.state})
    with as_answers():
        return await settle(context, payment.id, seen, noted)


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
        InvalidState: captured, or the provider is still deciding. ProviderError, ProviderTimeout. Unavailable: others
            keep moving it.
    """
    payment = await _out_of_doubt(context, payment)
    if payment.state == "canceled":
        return payment
    provider = context.part(Providers).get(payment.provider)
    for _ in range(REFRESH_ATTEMPTS_MAX):
        if payment.state not in {"requires_action", "authorized"} or payment.reference is None:
            raise InvalidState.of(payment.state, "This payment can't be canceled now")
        payment = await _change(context, payment, provider, "cancel", None)
        if payment.state == "canceled":
            return payment
    raise Unavailable


async def _out_of_doubt(context: Context, payment: Payment) -> Payment:
    """As a look shows it, if something about it has had no answer for a minute."""
    old = context.clock.now() - CALL_TIME
    async with context.db.begin() as session:
        unanswered = await calls.open_calls(session, OPERATIONS, payment.id)
    if payment.state not in _BEFORE_MONEY and all(call.started_at > old for call in unanswered):
        return payment
    with as_answers():
        return await refresh(context, payment.id)


async def go_on(context: Context, payment: Payment) -> Payment:
    """Ask again, as it was asked, what has had no answer; `payment` is as a look has just shown it.

    Raises:
        As `capture` and `cancel`.
    """
    async with context.db.begin() as session:
        unanswered = await calls.open_calls(session, _REPEATED, payment.id)
    provider = context.part(Providers).get(payment.provider)
    for call in unanswered:
        if payment.state not in {"requires_action", "authorized"}:
            return payment
        if call.operation == "cancel":
            payment = await _change(context, payment, provider, "cancel", None)
        elif payment.capture == "manual":
            payment = await _change(context, payment, provider, "capture", call.money)
    return payment


def _is_done(payment: Payment, operation: Literal["capture", "cancel"], money: Money | None) -> bool:
    if operation == "cancel":
        return payment.state == "canceled"
    is_taken = payment.state == "captured" and payment.capture == "manual"
    return is_taken and money is not None and payment.captured == money.amount


async def _change(
    context: Context, payment: Payment, provider: Provider, operation: Literal["capture", "cancel"], money: Money | None
) -> Payment:
    reference = payment.reference or ""
    # What its buyer approves is taken or authorized by us: nobody may be told that it is given up while we do.
    beside: tuple[Operation, ...] = (
        ("capture", "authorize") if operation == "cancel" and payment.state == "requires_action" else ()
    )
    try:
        noted = await calling.note(context, provider, payment.id, operation, money, beside=beside)
    except calls.OtherArguments as error:
        raise InvalidState.of(payment.state, "Another amount is being captured already") from error
    if noted is None:
        raise ProviderTimeout
    try:
        seen = await (
            provider.cancel_payment(reference, key=noted.call.key)
            if money is None
            else provider.capture_payment(reference, money, key=noted.call.key)
        )
    except Refused as error:
        return await _after_refusal(context, payment, noted, error, operation=operation, money=money)
    except Unknown as error:
        await calling.doubted(context, payment, noted)
        raise ProviderTimeout from error
    except NotSent as error:
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    with as_answers():
        return await settle(context, payment.id, seen, noted)


async def _after_refusal(
    context: Context,
    payment: Payment,
    noted: Noted,
    error: Refused,
    *,
    operation: Literal["capture", "cancel"],
    money: Money | None,
) -> Payment:
    """A refusal may mean that it is done already, or that something else was faster: a look tells."""
    await calling.refused(context, payment, noted, error)
    with as_answers():
        looked = await refresh(context, payment.id)
    if _is_done(looked, operation, money):
        return looked
    if looked.state != payment.state:
        raise InvalidState.of(looked.state, "The payment has moved on meanwhile") from error
    if operation == "capture":
        raise PaymentDeclined(details={"declineCode": error.decline_code or error.code}) from error
    raise ProviderError from error
