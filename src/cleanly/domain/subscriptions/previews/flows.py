"""Show what a change costs, and make it for exactly that: a signed token names what was shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cleanly.domain.subscriptions import rules
from cleanly.domain.subscriptions.changes import flows as changes
from cleanly.domain.subscriptions.changes.rules import Wish, is_done, why_not
from cleanly.domain.subscriptions.errors import InvalidState
from cleanly.domain.subscriptions.looking import PLAY
from cleanly.domain.subscriptions.previews.errors import PreviewOutdated
from cleanly.domain.subscriptions.queries import Subscription
from cleanly.domain.subscriptions.settings import SubscriptionSettings
from cleanly.domain.subscriptions.starting.flows import Plan, plan
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.errors import ValidationFailed
from cleanly.kernel.money import Money
from cleanly.kernel.paging import Cursors
from cleanly.platform.providers.billing import Skill
from cleanly.platform.providers.errors import UnsupportedByProvider, as_answers
from cleanly.platform.providers.registry import Providers


@dataclass(frozen=True, slots=True)
class Preview:
    """What was shown. `effective_at`: when the plan changes. `is_now`: at once, for `due`; else later."""

    price_id: UUID
    due: Money
    effective_at: datetime
    is_now: bool
    expires_at: datetime
    token: str


async def preview(context: Context, found: Subscription, price_id: UUID) -> Preview:
    """Ask the provider what it would cost now. A provider that can't say is an error, never 0.

    Raises:
        InvalidState, ValidationFailed, NotFound: no such change. UnsupportedByProvider, ProviderError, ProviderTimeout.
    """
    target, runs = await _checked(context, found, price_id)
    # Providers count whole seconds: what is agreed must be what they are told.
    now = context.clock.now().replace(microsecond=0)
    is_now = rules.changes_now(_rhythm(runs), _rhythm(target))
    due = Money(0, target.price.money.currency)
    if is_now:
        with as_answers():
            biller = context.part(Providers).biller(found.provider)
            due = (await biller.preview_change(found.reference or "", target.terms, at=now)).due
    expires_at = now + timedelta(seconds=context.part(SubscriptionSettings).subscription_preview_seconds)
    mode = "now" if is_now else "later"
    agreed = (str(price_id), str(due.amount), now.isoformat(), mode, _fingerprint(found))
    token = context.part(Cursors).write(_place(found), *agreed)
    effective_at = now if is_now else found.facts.period_end or now
    return Preview(price_id, due, effective_at, is_now, expires_at, token)


async def accept(context: Context, found: Subscription, token: str) -> Subscription:
    """Make the change that was shown, for what was shown.

    Raises:
        PreviewOutdated: it would be another now, or it is too old; with a new preview. Else as `changes.ask`.
        MalformedRequest: no token of ours.
    """
    told = context.part(Cursors).read(_place(found), token, parts=5)
    if told is None:
        raise ValidationFailed.of("previewToken", "missing", "Name the preview that is accepted")
    price_id, amount, at, mode, fingerprint = UUID(told[0]), int(told[1]), datetime.fromisoformat(told[2]), *told[3:]
    target, _ = await _priced(context, found, price_id)
    wish = Wish(kind="price", to_price_id=price_id, effective_at=at if mode == "now" else None)
    due = Money(amount, target.price.money.currency)
    # What is done, or was asked for once, was agreed: a retry whose first answer was lost.
    is_agreed = is_done(found.facts, wish) or await changes.is_asked(context, found, wish)
    if not is_agreed and not await _still_holds(context, found, target, at, due, fingerprint, mode):
        fresh = await preview(context, found, price_id)
        raise PreviewOutdated(details={"preview": as_details(fresh)})
    return await changes.ask(context, found, wish, money=due)


def as_details(shown: Preview) -> dict[str, object]:
    """As the API shows it."""
    return {
        "priceId": str(shown.price_id),
        "amountDue": {"amount": shown.due.amount, "currency": shown.due.currency},
        "effectiveAt": rfc3339(shown.effective_at),
        "takesHold": "now" if shown.is_now else "at_period_end",
        "expiresAt": rfc3339(shown.expires_at),
        "previewToken": shown.token,
    }


async def _still_holds(  # noqa: PLR0917 - what was agreed, part by part
    context: Context, found: Subscription, target: Plan, at: datetime, due: Money, fingerprint: str, mode: str
) -> bool:
    seconds = context.part(SubscriptionSettings).subscription_preview_seconds
    if fingerprint != _fingerprint(found) or context.clock.now() > at + timedelta(seconds=seconds):
        return False
    if mode != "now":
        return True
    with as_answers():
        biller = context.part(Providers).biller(found.provider)
        return (await biller.preview_change(found.reference or "", target.terms, at=at)).due == due


async def _checked(context: Context, found: Subscription, price_id: UUID) -> tuple[Plan, Plan]:
    """The plan that is wanted and the one that runs."""
    if found.provider == PLAY or Skill.CHANGE not in context.part(Providers).biller(found.provider).skills:
        raise UnsupportedByProvider
    wish = Wish(kind="price", to_price_id=price_id)
    if found.reference is None:
        raise InvalidState.of(found.state, "It has not begun yet")
    if (reason := why_not(found.facts, wish)) is not None:
        raise InvalidState.of(found.state, reason)
    runs_on = price_id == found.price_id and found.facts.pending_price_id is None
    if runs_on and not await changes.is_waiting(context, found):
        raise ValidationFailed.of("priceId", "same", "That is the plan that runs")
    return await _priced(context, found, price_id)


async def _priced(context: Context, found: Subscription, price_id: UUID) -> tuple[Plan, Plan]:
    # Who has a plan may stay with it, even if nobody else can have it any more.
    target = await plan(context, price_id, buyer=found.user_id, is_on_offer=price_id != found.price_id)
    runs = await plan(context, found.price_id, buyer=None, is_on_offer=False)
    if target.group_id != found.plan_group_id or target.price.money.currency != runs.price.money.currency:
        raise ValidationFailed.of("priceId", "other_group", "Choose a plan of the same group and currency")
    return target, runs


def _place(found: Subscription) -> str:
    # A token is signed as a cursor is: bound to this subscription, of no use anywhere else.
    return f"change of subscription {found.id}"


def _fingerprint(found: Subscription) -> str:
    """What the price of a change depends on; looks that change nothing leave it as it is."""
    facts = found.facts
    parts = (facts.state, facts.price_id, facts.pending_price_id, facts.period_end, facts.cancel_at_period_end)
    return "|".join(str(part) for part in parts)


def _rhythm(one: Plan) -> tuple[int, str, int]:
    return one.terms.money.amount, one.terms.interval, one.terms.interval_count
