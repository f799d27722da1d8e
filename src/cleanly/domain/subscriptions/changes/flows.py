"""Ask something of a subscription: written down, then asked of the provider, then applied as any look is.

What is asked of Google Play is an end at the period's end alone; all else happens in the app.
"""

from dataclasses import dataclass
from uuid import UUID

from cleanly.domain.catalog import service as catalog_writes
from cleanly.domain.subscriptions import flows, looking, queries, service
from cleanly.domain.subscriptions.changes import rules
from cleanly.domain.subscriptions.changes import service as changes
from cleanly.domain.subscriptions.changes.rules import Wish
from cleanly.domain.subscriptions.errors import InvalidState
from cleanly.domain.subscriptions.flows import Noted
from cleanly.domain.subscriptions.queries import Subscription
from cleanly.domain.subscriptions.rules import CALL_TIME
from cleanly.domain.subscriptions.starting.flows import Plan, plan
from cleanly.kernel.context import Context
from cleanly.kernel.money import Money
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.billing import Skill, SubscriptionSnapshot, Terms
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
from cleanly.platform.providers.registry import Providers

_SKILLS = {"price": Skill.CHANGE, "pause": Skill.PAUSE}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be asked now, and under which key. `terms`: of a change of price."""

    change_id: UUID
    wish: Wish
    noted: Noted
    terms: Terms | None


async def ask(context: Context, found: Subscription, wish: Wish, *, money: Money | None = None) -> Subscription:
    """Have it done, once; what is so already is answered as it is.

    Raises:
        InvalidState: not as it stands, or something else is being asked. PaymentDeclined: the change was not paid.
        UnsupportedByProvider, ProviderError, ProviderTimeout.
    """
    if found.provider == looking.PLAY:
        return await _ask_play(context, found, wish)
    needed = _SKILLS.get(wish.kind)
    if wish.kind == "resume" and found.state != "paused":
        needed = Skill.RENEW if found.facts.cancel_at_period_end else None
    if needed is not None and needed not in context.part(Providers).biller(found.provider).skills:
        raise UnsupportedByProvider
    # What was asked before may be done by now: a look comes before it is asked again.
    if found.reference is None or await is_asked(context, found, wish):
        with as_answers():
            found = await flows.refresh(context, found.id)
    if found.reference is None:
        return await _give_up(context, found, wish)
    target = None if wish.to_price_id is None else await plan(context, wish.to_price_id, buyer=None, is_on_offer=False)
    asked = await _write_down(context, found, wish, target, money)
    if isinstance(asked, Subscription):
        return asked
    try:
        seen = await _call(context, found, asked)
    except Refused as error:
        return await _after_refusal(context, found, asked, error)
    except Unknown as error:
        await flows.doubted(context, found.id, asked.noted)
        raise ProviderTimeout from error
    except NotSent as error:
        raise ProviderError(retry_after_seconds=error.retry_after_seconds) from error
    with as_answers():
        return await flows.settle(context, found.id, seen, asked.noted)


async def _ask_play(context: Context, found: Subscription, wish: Wish) -> Subscription:
    """Google has no keys: asking twice does no harm, and a look tells what came of it."""
    if wish.kind != "cancel_at_period_end":
        raise UnsupportedByProvider("That is done in the app, at Google Play")
    if rules.is_done(found.facts, wish):
        return found
    if (reason := rules.why_not(found.facts, wish)) is not None:
        raise InvalidState.of(found.state, reason)
    with as_answers():
        await context.part(Providers).store.cancel_subscription(found.reference or "")
        return await flows.refresh(context, found.id)


async def _give_up(context: Context, found: Subscription, wish: Wish) -> Subscription:
    """The provider has nothing by our id; should it appear there later, it is ended there."""
    if wish.kind != "cancel":
        raise InvalidState.of(found.state, "It has not begun yet")
    async with context.db.begin() as session:
        await service.end(session, context, found.id, "canceled", now=context.clock.now())
    return await flows.read(context, found.id)


async def _write_down(
    context: Context, found: Subscription, wish: Wish, target: Plan | None, money: Money | None
) -> _Asked | Subscription:
    now = context.clock.now()
    provider = context.part(Providers).get(found.provider)
    async with context.db.begin() as session:
        row = await service.lock(session, found.id)
        facts = queries.facts_of(row)
        open_ = await changes.open_of(session, row.id)
        is_new = open_ is None or not open_.is_for(wish)
        if is_new and open_ is not None and not open_.waits:
            raise InvalidState.of(row.state, "Something else is being asked of it; look at it, and ask again")
        if open_ is None or is_new:
            # What waits for the subscriber is withdrawn by asking for the plan that runs.
            withdraws = open_ is not None and wish.kind == "price"
            if rules.is_done(facts, wish) and not withdraws:
                return queries.subscription_of(row)
            if (reason := rules.why_not(facts, wish)) is not None:
                raise InvalidState.of(row.state, reason)
            if open_ is not None:  # it waits for the subscriber, who wants something else by now
                await changes.refuse(session, open_.id, now=now)
            if wish.to_price_id is not None:
                await catalog_writes.mark_used(session, wish.to_price_id, now=now)
            change_id = await changes.begin(session, row.id, wish, from_price_id=row.price_id, money=money, now=now)
        elif open_.waits:
            return queries.subscription_of(row)
        else:
            change_id, wish, money = open_.id, open_.wish, open_.money
        call = await calls.begin_call(session, provider, changes.operation(wish.kind), change_id, money, now=now)
        if isinstance(call, calls.LookAgain):
            row.check_at = call.at
            raise ProviderTimeout
        row.check_at = min(row.check_at or now + CALL_TIME, now + CALL_TIME)
        return _Asked(change_id, wish, Noted(call, row.revision), None if target is None else target.terms)


async def _call(context: Context, found: Subscription, asked: _Asked) -> SubscriptionSnapshot:
    reference, key, wish = found.reference or "", asked.noted.call.key, asked.wish
    biller = context.part(Providers).biller(found.provider)
    match wish.kind:
        case "cancel" | "cancel_at_period_end":
            later = wish.kind == "cancel_at_period_end"
            return await biller.cancel_subscription(reference, at_period_end=later, key=key)
        case "pause":
            return await biller.pause_subscription(reference, key=key)
        case "resume":
            return await biller.resume_subscription(reference, key=key)
        case "price":
            if asked.terms is None:
                raise ValueError("a change of price names a price")
            return await biller.change_subscription(
                reference, asked.terms, change_id=asked.change_id, at=wish.effective_at, key=key
            )


async def _after_refusal(context: Context, found: Subscription, asked: _Asked, error: Refused) -> Subscription:
    """A refusal may mean that it is done already, or that something else was faster: a look tells."""
    now = context.clock.now()
    async with context.db.begin() as session:
        await service.lock(session, found.id)
        await calls.end_call(session, asked.noted.call.id, "refused", now=now, error_code=error.code)
        await changes.refuse(session, asked.change_id, now=now)
    with as_answers():
        looked = await flows.refresh(context, found.id)
    if rules.is_done(looked.facts, asked.wish):
        return looked
    if error.decline_code is not None:
        raise PaymentDeclined(details={"declineCode": error.decline_code}) from error
    raise InvalidState.of(looked.state, "The provider does not allow this now") from error


async def is_asked(context: Context, found: Subscription, wish: Wish) -> bool:
    """Whether this very thing was asked already, and has had no answer."""
    async with context.db.begin() as session:
        open_ = await changes.open_of(session, found.id)
    return open_ is not None and open_.is_for(wish)


async def is_waiting(context: Context, found: Subscription) -> bool:
    """Whether a change waits for the subscriber to confirm it."""
    async with context.db.look() as session:
        open_ = await changes.open_of(session, found.id)
    return open_ is not None and open_.waits


async def go_on(context: Context, found: Subscription) -> Subscription:
    """Ask again, as it was asked, what has had no answer.

    Raises:
        As `ask`.
    """
    async with context.db.begin() as session:
        open_ = await changes.open_of(session, found.id)
    if open_ is None or open_.waits:
        return found
    return await ask(context, found, open_.wish, money=open_.money)
