"""Subscriptions across the network: note it, call the provider, apply what it says. Never a transaction on the wire.

The subscriber's return, the webhook, the janitor and the operator all go through `refresh`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog

from cleanly.domain.subscriptions import looking, metrics, queries, rules, service
from cleanly.domain.subscriptions.changes import service as changes
from cleanly.domain.subscriptions.queries import Subscription
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError, NotFound, Unavailable
from cleanly.kernel.money import Money
from cleanly.kernel.principal import Caller
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.billing import SubscriptionSnapshot
from cleanly.platform.providers.errors import NotSent, Refused, Unknown, as_answers
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.service import Call, LookAgain

REFRESH_ATTEMPTS_MAX = 5
LOOK_SECONDS_MIN = 2
_PAYABLE = frozenset({"incomplete", "trialing", "past_due", "unpaid"})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Noted:
    """A call to make now. `revision`: of our row when it was noted, which the answer must still find."""

    call: Call
    revision: int


async def read(context: Context, subscription_id: UUID) -> Subscription:
    """The row as it is.

    Raises:
        NotFound: no such subscription.
    """
    async with context.db.begin() as session:
        found = await queries.by_id(session, subscription_id)
    if found is None:
        raise NotFound
    return found


async def note(
    context: Context, subscription: Subscription, operation: str, subject_id: UUID, money: Money | None
) -> Noted | None:
    """A call's first step, in a transaction of its own. None: not now, its key is too old and a look must come first.

    Raises:
        calls.OtherArguments: it is open with another amount.
    """
    now = context.clock.now()
    provider = context.part(Providers).get(subscription.provider)
    async with context.db.begin() as session:
        row = await service.lock(session, subscription.id)
        call = await calls.begin_call(session, provider, operation, subject_id, money, now=now)
        row.check_at = call.at if isinstance(call, LookAgain) else now + rules.CALL_TIME
        return None if isinstance(call, LookAgain) else Noted(call, row.revision)


async def doubted(context: Context, subscription_id: UUID, noted: Noted) -> None:
    """A call's third step without an answer: the janitor goes on."""
    now = context.clock.now()
    async with context.db.begin() as session:
        await service.doubt(session, subscription_id, now=now)
        await calls.end_call(session, noted.call.id, "unknown", now=now)


async def settle(context: Context, subscription_id: UUID, seen: SubscriptionSnapshot, noted: Noted) -> Subscription:
    """Apply the answer to a call, with the call's end; if another look was applied meanwhile, fetch again."""
    now = context.clock.now()
    async with context.db.begin() as session:
        await service.lock(session, subscription_id)  # the row before its calls: everywhere in this order
        await calls.end_call(session, noted.call.id, "succeeded", now=now, provider_object=seen.reference)
        applied = await service.apply(session, context, subscription_id, seen, revision=noted.revision, now=now)
    return await refresh(context, subscription_id) if applied is None else await _after(context, applied)


async def refresh(context: Context, subscription_id: UUID, *, reference: str | None = None) -> Subscription:
    """Look at the provider and apply what it says. `reference`: its id, from news that came before our own answer.

    Raises:
        NotFound: no such subscription. Unavailable: others keep moving it. Refused, Unknown, NotSent: the provider.
    """
    for _ in range(REFRESH_ATTEMPTS_MAX):
        known = await read(context, subscription_id)
        now = context.clock.now()
        seen = await looking.look(context, known, reference, now=now)
        if seen is None:
            return known
        async with context.db.begin() as session:
            applied = await service.apply(
                session, context, subscription_id, seen, revision=known.revision, now=context.clock.now()
            )
        if applied is not None:
            return await _after(context, applied)
    raise Unavailable


async def _after(context: Context, applied: service.Applied) -> Subscription:
    found = applied.subscription
    metrics.MOVES.add(1, {"provider": found.provider, "outcome": found.state})
    if applied.is_new_mismatch:
        metrics.MISMATCHES.add(1)
        _log.error("subscription_mismatch", subscription=str(found.id))
    if applied.lives_on and found.provider != looking.PLAY:
        await _give_up(context, found)
    return found


async def _give_up(context: Context, found: Subscription) -> None:
    """It is over here and lives there: end it, or it bills on."""
    _log.error("subscription_lives_on", subscription=str(found.id))
    noted = await note(context, found, "subscription_give_up", found.id, None)
    if noted is None or found.reference is None:
        return
    biller = context.part(Providers).biller(found.provider)
    try:
        await biller.cancel_subscription(found.reference, at_period_end=False, key=noted.call.key)
    except Unknown:
        await doubted(context, found.id, noted)
        raise
    except Refused as error:
        async with context.db.begin() as session:
            await calls.end_call(session, noted.call.id, "refused", now=context.clock.now(), error_code=error.code)
        raise
    async with context.db.begin() as session:
        row = await service.lock(session, found.id)
        await calls.end_call(session, noted.call.id, "succeeded", now=context.clock.now())
        row.check_at = None


async def look_for_subscriber(context: Context, found: Subscription) -> Subscription:
    """Back from paying: ask the provider while the first payment waits, but not more than every 2 s."""
    now = context.clock.now()
    if found.state != "incomplete" or found.reference is None:
        return found
    if found.looked_at is not None and (now - found.looked_at).total_seconds() < LOOK_SECONDS_MIN:
        return found
    try:
        return await refresh(context, found.id)
    except (Unavailable, Refused, Unknown, NotSent) as error:
        _log.warning("subscription_look_failed", subscription=str(found.id), error=type(error).__name__)
        return found


async def client_parameters(context: Context, found: Subscription, caller: Caller) -> Mapping[str, str]:
    """What the provider's SDK on the phone needs while a payment is open; never stored, never logged.

    A trial may lack its card, a renewal that failed can be paid by the subscriber, and a change of plan may wait for
    their bank's question: there a fault is no error.
    """
    if found.user_id != caller.user_id or found.reference is None or found.provider == looking.PLAY:
        return {}
    if found.state not in _PAYABLE:
        async with context.db.look() as session:
            open_ = await changes.open_of(session, found.id)
        if open_ is None or not open_.waits:
            return {}
    try:
        with as_answers():
            biller = context.part(Providers).biller(found.provider)
            return await biller.client_parameters(found.reference, customer=found.customer)
    except AppError as error:
        if found.state == "incomplete":
            raise
        _log.warning("subscription_look_failed", subscription=str(found.id), error=type(error).__name__)
        return {}
