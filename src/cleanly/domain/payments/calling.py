"""An outgoing call on a payment: its first and third step (MONEY.md 2.2). The call between them is the caller's."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from cleanly.domain.payments import metrics, service, waiting
from cleanly.domain.payments.queries import Payment
from cleanly.domain.payments.rules import CALL_TIME, Operation
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.kernel.context import Context
from cleanly.kernel.money import Money
from cleanly.platform.cache.service import Cache
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.errors import NotSent, Refused
from cleanly.platform.providers.protocol import PaymentSnapshot, Provider
from cleanly.platform.providers.service import Call, CallEnd, LookAgain


@dataclass(frozen=True, slots=True)
class Noted:
    """A call to make now. `revision`: of our row when it was noted, which the answer must still find."""

    call: Call
    revision: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended, to be written down with what its answer means."""

    call: Call
    end: CallEnd
    error_code: str | None = None


async def note(
    context: Context,
    provider: Provider,
    payment_id: UUID,
    operation: Operation,
    money: Money | None,
    *,
    within: Container[str] | None = None,
    refused_before: timedelta = timedelta(0),
    beside: tuple[Operation, ...] = (),
) -> Noted | None:
    """First step. A call that is open for over a minute must just have been looked into, in vain.

    None: not now. Its key is too old and one more look must come first; or the payment's state is not `within`; or the
    last attempt was refused less than `refused_before` ago; or it would be new, and one of `beside` has no answer yet.

    Raises:
        calls.OtherArguments: it is open with another amount.
    """
    now = context.clock.now()
    async with context.db.begin() as session:
        row = await service.lock(session, payment_id)
        if within is not None and row.state not in within:
            return None
        last = await calls.last_call(session, operation, payment_id) if refused_before else None
        if last and last.state == "refused" and last.finished_at and now - last.finished_at < refused_before:
            return None
        is_new = await calls.open_call(session, operation, payment_id) is None
        if beside and is_new and await calls.open_calls(session, beside, payment_id):
            return None
        call = await calls.begin_call(session, provider, operation, payment_id, money, now=now)
        if isinstance(call, LookAgain):
            waiting.look_again(row, call.at, now=now)
            return None
        # A payment that was looked for as often as it may be is a person's, whatever is asked once more.
        if row.state not in {"created", "unknown"} or row.check_at is not None:
            waiting.expect(row, call, now=now)
        return Noted(call, row.revision)


async def apply(
    context: Context, payment_id: UUID, seen: PaymentSnapshot, *, revision: int, ended: Ended | None = None
) -> service.Applied | None:
    """Third step, or what a look means: the call's end and its effect are one commit. None: the snapshot is stale."""
    now = context.clock.now()
    async with context.db.begin() as session:
        if ended is not None:
            # The payment's row before its calls': everywhere in this order.
            row = await service.lock(session, payment_id)
            if row.revision != revision and ended.call.operation == "cancel":
                return None  # where the provider cancels nothing no look shows it: it stays open, and is asked again
            await calls.end_call(
                session,
                ended.call.id,
                ended.end,
                now=now,
                provider_object=seen.reference if ended.end == "succeeded" else None,
                error_code=ended.error_code,
            )
        return await service.apply(
            session,
            payment_id,
            seen,
            revision=revision,
            now=now,
            settings=context.part(PaymentSettings),
            cache=context.part(Cache),
        )


async def doubted(context: Context, payment: Payment, noted: Noted) -> None:
    """Third step without an answer: the janitor goes on."""
    now = context.clock.now()
    async with context.db.begin() as session:
        await service.doubt(session, payment.id, noted.call, now=now)
        await calls.end_call(session, noted.call.id, "unknown", now=now)
    metrics.PAYMENTS.add(1, {"provider": payment.provider, "outcome": "unknown"})


async def put_off(context: Context, payment_id: UUID, error: NotSent) -> None:
    """The call surely was not made: it is made soon, while its key is remembered, whatever looks are planned."""
    now = context.clock.now()
    wait = max(timedelta(seconds=error.retry_after_seconds), CALL_TIME)
    async with context.db.begin() as session:
        waiting.look_by(await service.lock(session, payment_id), now + wait, now=now)


async def refused(
    context: Context, payment: Payment, noted: Noted, error: Refused, *, ends_payment: bool = False
) -> None:
    """Third step after a definite refusal. `ends_payment`: without this call there is none."""
    now = context.clock.now()
    async with context.db.begin() as session:
        await service.lock(session, payment.id)
        await calls.end_call(session, noted.call.id, "refused", error_code=error.code, now=now)
        if ends_payment:
            await service.refuse(session, payment.id, error.decline_code or error.code, now=now)
    if ends_payment:
        metrics.PAYMENTS.add(1, {"provider": payment.provider, "outcome": "refused"})
