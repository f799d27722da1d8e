"""What is asked of a provider: make a payment, take it, give it up. Noted before the call, applied after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog import service as catalog_writes
from cleanly.domain.catalog.queries import CatalogSettings, PriceForSale
from cleanly.domain.payments import books, metrics, queries, service
from cleanly.domain.payments.errors import InvalidState
from cleanly.domain.payments.flows import refresh, settle
from cleanly.domain.payments.queries import Payment
from cleanly.domain.users import queries as users
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound, ValidationFailed
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
from cleanly.platform.providers.protocol import Capability, NewPayment, Provider
from cleanly.platform.providers.registry import Providers


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a buyer asked for. The amount is not among it: it comes from the price."""

    price_id: UUID
    quantity: int
    provider: str
    capture: Literal["automatic", "manual"]
    meta: Mapping[str, str]


async def offer(context: Context, caller: Caller, wanted: Wanted) -> tuple[PriceForSale, Provider, str | None]:
    """The price, the provider and the buyer's id there; refuses before any row is written.

    Raises:
        NotFound: no such price for sale. ValidationFailed: a recurring price, or one's own product.
        UnsupportedByProvider: not here, or not like this.
    """
    provider = context.part(Providers).get(wanted.provider)
    needed = {Capability.PAYMENTS, *((Capability.MANUAL_CAPTURE,) if wanted.capture == "manual" else ())}
    if not needed <= provider.capabilities:
        raise UnsupportedByProvider
    async with context.db.begin() as session:
        price = await catalog.price_for_sale(session, wanted.price_id, context.part(CatalogSettings))
        buyer = await users.by_id(session, caller.user_id)
        customer = await queries.customer_of(session, caller.user_id, provider.name, provider.account)
    if price is None or not price.active or buyer is None:
        raise NotFound
    if price.type != "one_time":
        raise ValidationFailed.of("priceId", "recurring", "This price is for a subscription")
    if price.seller_id == caller.user_id:
        raise ValidationFailed.of("priceId", "own_product", "A seller can't buy from themselves")
    if customer is None and Capability.CUSTOMERS in provider.capabilities:
        customer = await _make_customer(context, provider, caller.user_id, buyer.email)
    await books.open_accounts(
        context, provider.name, price.seller_id, price.money.currency, country=service.TAX_COUNTRY
    )
    return price, provider, customer


async def _make_customer(context: Context, provider: Provider, user_id: UUID, email: str) -> str:
    # Nothing is at stake yet: a try that is lost is made again under the same key.
    try:
        customer = await provider.ensure_customer(user_id, email, key=f"customer:{user_id}")
    except (Unknown, NotSent) as error:
        raise ProviderTimeout from error
    except Refused as error:
        raise ProviderError from error
    async with context.db.begin() as session:
        await service.remember_customer(
            session, user_id, provider.name, provider.account, customer, now=context.clock.now()
        )
    return customer


async def begin(context: Context, caller: Caller, wanted: Wanted, once: OncePerCall) -> tuple[Payment, Provider]:
    """First transaction: our row, its key, the idempotency record. An earlier try that died is taken up again."""
    price, provider, customer = await offer(context, caller, wanted)
    now = context.clock.now()
    async with context.db.begin() as session:
        started = await once.start(session, new_id())
        if started.is_resumed:
            payment = await queries.by_id(session, started.resource_id)
            if payment is not None:
                return payment, provider
        await catalog_writes.mark_used(session, price.price_id, now=now)
        payment = await service.create(
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
    return payment, provider


async def send(context: Context, payment: Payment) -> Payment:
    """Make the payment at the provider, or make sure that it was made, and apply the answer.

    Raises:
        PaymentDeclined: definitely refused. ProviderTimeout: in doubt, the janitor settles it. ProviderError.
    """
    provider = context.part(Providers).get(payment.provider)
    async with context.db.begin() as session:
        await service.lock(session, payment.id)
        call = await calls.begin_call(
            session,
            provider=provider.name,
            operation="create",
            subject_id=payment.id,
            money=payment.money,
            now=context.clock.now(),
        )
        fresh = await service.known(session, payment.id)
    if fresh is None or fresh.payment.state not in {"created", "unknown"}:
        return payment if fresh is None else fresh.payment
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
    except (Unknown, NotSent) as error:
        await _settle_doubt(context, payment.id, call.id, is_known_unsent=isinstance(error, NotSent))
        raise (ProviderTimeout() if isinstance(error, Unknown) else ProviderError()) from error
    async with context.db.begin() as session:
        await calls.end_call(session, call.id, "succeeded", provider_object=seen.reference, now=context.clock.now())
    metrics.PAYMENTS.add(1, {"provider": provider.name, "outcome": seen.state})
    return await settle(context, payment.id, seen, revision=fresh.revision)


async def _settle_refusal(context: Context, payment_id: UUID, call_id: UUID, error: Refused) -> None:
    now = context.clock.now()
    async with context.db.begin() as session:
        await calls.end_call(session, call_id, "refused", error_code=error.code, now=now)
        await service.refuse(session, payment_id, error.decline_code or error.code, now=now)
    metrics.PAYMENTS.add(1, {"outcome": "refused"})


async def _settle_doubt(context: Context, payment_id: UUID, call_id: UUID, *, is_known_unsent: bool) -> None:
    now = context.clock.now()
    async with context.db.begin() as session:
        if not is_known_unsent:
            await calls.end_call(session, call_id, "unknown", now=now)
            await service.doubt(session, payment_id, now=now)
    metrics.PAYMENTS.add(1, {"outcome": "not_sent" if is_known_unsent else "unknown"})


async def capture(context: Context, payment: Payment, amount: int | None) -> Payment:
    """Take an authorized payment, all or part of it, once.

    Raises:
        InvalidState: not authorized. PaymentDeclined, ProviderError, ProviderTimeout.
    """
    provider = context.part(Providers).get(payment.provider)
    money = Money(payment.money.amount if amount is None else amount, payment.money.currency)
    if money.amount < payment.money.amount and Capability.PARTIAL_CAPTURE not in provider.capabilities:
        raise UnsupportedByProvider
    if payment.state == "captured" and payment.captured == money.amount:
        return payment  # a retry whose first answer was lost
    if payment.state != "authorized" or payment.reference is None:
        raise InvalidState.of(payment.state, "Only an authorized payment can be captured")
    if money.amount > payment.money.amount:
        raise ValidationFailed.of("amount", "too_large", "That is more than was authorized")
    return await _change(context, payment, provider, "capture", money)


async def cancel(context: Context, payment: Payment) -> Payment:
    """Give a payment up before money has moved.

    Raises:
        InvalidState: captured, or the provider is still deciding.
    """
    if payment.state == "canceled":
        return payment
    if payment.state not in {"requires_action", "authorized"} or payment.reference is None:
        raise InvalidState.of(payment.state, "This payment can't be canceled now")
    return await _change(context, payment, context.part(Providers).get(payment.provider), "cancel", None)


async def _change(
    context: Context, payment: Payment, provider: Provider, operation: Literal["capture", "cancel"], money: Money | None
) -> Payment:
    reference = payment.reference or ""
    async with context.db.begin() as session:
        await service.lock(session, payment.id)
        known = await service.known(session, payment.id)
        call = await calls.begin_call(
            session,
            provider=provider.name,
            operation=operation,
            subject_id=payment.id,
            money=money,
            now=context.clock.now(),
        )
    revision = known.revision if known is not None else 0
    try:
        seen = await (
            provider.cancel_payment(reference, key=call.key)
            if money is None
            else provider.capture_payment(reference, money, key=call.key)
        )
    except Refused as error:
        await _end(context, call.id, "refused", error.code)
        await refresh(context, payment.id)
        if operation == "capture":
            raise PaymentDeclined(details={"declineCode": error.decline_code or error.code}) from error
        raise ProviderError from error
    except Unknown as error:
        await _end(context, call.id, "unknown", None)
        raise ProviderTimeout from error
    except NotSent as error:
        raise ProviderError from error
    await _end(context, call.id, "succeeded", None)
    return await settle(context, payment.id, seen, revision=revision)


async def _end(context: Context, call_id: UUID, end: calls.CallEnd, error_code: str | None) -> None:
    async with context.db.begin() as session:
        await calls.end_call(session, call_id, end, error_code=error_code, now=context.clock.now())
