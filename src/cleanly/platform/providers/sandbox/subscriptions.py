"""What is done to subscriptions in the sandbox's world: begun, renewed by its clock, changed, paused, ended."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cleanly.platform.providers.billing import NewSubscription
from cleanly.platform.providers.sandbox import rules
from cleanly.platform.providers.sandbox.objects import Answer, Customer, Done, Payment, Refusal
from cleanly.platform.providers.sandbox.rules import DECLINES, Fate
from cleanly.platform.providers.sandbox.subscribed import Awaited, PaidInvoice, Plan, Subscription
from cleanly.platform.providers.sandbox.world import World

MISSING: Final = Refusal(code="resource_missing")
UNEXPECTED: Final = Refusal(code="unexpected_state")
ENDED: Final = frozenset({"canceled", "expired"})
_RENEW, _RETRY, _EXPIRE, _GIVE_UP = "renew", "retry", "expire", "give_up"


async def create(world: World, new: NewSubscription, *, fate: Fate) -> Answer:
    """Make one. Without a trial or a fate that says otherwise the buyer's card pays the first period at once."""
    if new.terms.money.amount <= 0:
        return Refusal(code="amount_too_small")
    if new.customer is not None and await world.find(Customer, new.customer) is None:
        return MISSING
    if fate in DECLINES:
        return Refusal(code="card_declined", decline_code=DECLINES[fate])
    made = Subscription(
        id=await world.mint(Subscription.prefix),
        our_id=new.our_id,
        state="incomplete",
        customer=new.customer,
        plan=Plan.of(new.terms),
        fate=fate,
        began_at=world.now,
        anchor=world.now,
    )
    if new.trial_days is not None:
        ends = world.now + timedelta(days=new.trial_days)
        trial = {"state": "trialing", "trial_end": ends, "anchor": ends, "paid_until": ends}
        made = await world.put(made.model_copy(update=trial))
        await world.plan(ends - world.now, _RENEW, made)
        await world.tell(made, "subscription.created", made)
        return Done(object=made.id)
    await world.put(made)
    await world.tell(made, "subscription.created", made)
    if fate is Fate.ASKS_BUYER:
        await world.plan(rules.INCOMPLETE, _EXPIRE, made)
    else:
        await _pay_period(world, made)
    return Done(object=made.id)


async def confirm(world: World, reference: str) -> Answer:
    """The buyer pays: the first period, the one that failed, or the change that waits for it."""
    found = await world.find(Subscription, reference)
    if found is None:
        return MISSING
    if found.awaited is not None:
        waited = found.awaited
        found = await _change_now(world, found, waited.plan, waited.change_id, waited.at)
        await world.tell(found, "subscription.updated", found)
        return Done(object=found.id)
    if found.state not in {"incomplete", "past_due", "unpaid"}:
        return UNEXPECTED
    if found.state == "incomplete":
        found = found.model_copy(update={"anchor": world.now})
    await _pay_period(world, found)
    return Done(object=found.id)


def due_for(found: Subscription, plan: Plan, at: datetime) -> int:
    """What a change at that moment costs: the rest of the period at the new price, less the rest at the old one."""
    if found.state == "trialing":
        return 0
    whole = int((found.period_end - found.period_start).total_seconds())
    left = min(max(int((found.period_end - at).total_seconds()), 0), whole)
    if _same_rhythm(found.plan, plan):
        return max(0, (plan.amount - found.plan.amount) * left // whole)
    return max(0, plan.amount - found.plan.amount * left // whole)


async def change(
    world: World, reference: str, plan: Plan, *, change_id: UUID, at: datetime | None, fate: Fate
) -> Answer:
    """Another plan: when the period ends, or as of `at` for what `due_for` says."""
    found = await world.find(Subscription, reference)
    if found is None:
        return MISSING
    if found.state not in {"active", "trialing"} or plan.currency != found.plan.currency:
        return UNEXPECTED
    if fate in DECLINES:
        return Refusal(code="card_declined", decline_code=DECLINES[fate])
    found = found.model_copy(update={"awaited": None})
    if at is None:
        pending = None if plan == found.plan else plan
        found = await world.put(found.model_copy(update={"pending": pending}))
    elif found.state == "trialing":
        found = await world.put(found.model_copy(update={"plan": plan, "pending": None}))
    elif rules.fate_of(plan.amount) is Fate.ASKS_BUYER and due_for(found, plan, at) > 0:
        awaited = Awaited(plan=plan, change_id=change_id, at=at, until=world.now + rules.INCOMPLETE)
        found = await world.put(found.model_copy(update={"awaited": awaited, "pending": None}))
        await world.plan(rules.INCOMPLETE, _GIVE_UP, found)
    else:
        found = await _change_now(world, found, plan, change_id, at)
    await world.tell(found, "subscription.updated", found)
    return Done(object=found.id)


async def _change_now(world: World, found: Subscription, plan: Plan, change_id: UUID, at: datetime) -> Subscription:
    due = due_for(found, plan, at)
    changed = found.model_copy(update={"plan": plan, "pending": None, "awaited": None})
    if not _same_rhythm(found.plan, plan):
        changed = changed.model_copy(update={"anchor": at, "number": 0})
    changed = changed.model_copy(update={"paid_until": changed.period_end})
    if due > 0:
        payment = await _charge(world, changed, due)
        changed = _with_invoice(changed, payment, starts=at, change_id=change_id)
    await world.put(changed)
    await world.plan(changed.period_end - world.now, _RENEW, changed)
    return changed


async def cancel(world: World, reference: str, *, at_period_end: bool) -> Answer:
    """End it now, or do not renew it."""
    found = await world.find(Subscription, reference)
    if found is None:
        return MISSING
    if found.state in ENDED:
        return UNEXPECTED
    if at_period_end and found.state in {"active", "trialing", "past_due"}:
        found = await world.put(found.model_copy(update={"cancel_at_period_end": True, "awaited": None}))
        await world.tell(found, "subscription.updated", found)
    else:
        await _end(world, found, "canceled")
    return Done(object=found.id)


async def pause(world: World, reference: str) -> Answer:
    """Bill nothing; what is left of the period is kept."""
    found = await world.find(Subscription, reference)
    if found is None:
        return MISSING
    if found.state != "active":
        return UNEXPECTED
    found = await world.put(found.model_copy(update={"state": "paused", "paused_at": world.now, "awaited": None}))
    await world.tell(found, "subscription.paused", found)
    return Done(object=found.id)


async def resume(world: World, reference: str) -> Answer:
    """Renew it after all; after a pause its periods are later by the pause."""
    found = await world.find(Subscription, reference)
    if found is None:
        return MISSING
    if found.state in ENDED or (found.paused_at is None and not found.cancel_at_period_end):
        return UNEXPECTED
    found = found.model_copy(update={"cancel_at_period_end": False})
    if found.paused_at is not None:
        pause_ = world.now - found.paused_at
        until = None if found.paid_until is None else found.paid_until + pause_
        moved = {"state": "active", "paused_at": None, "anchor": found.anchor + pause_, "paid_until": until}
        found = found.model_copy(update=moved)
        await world.plan(found.period_end - world.now, _RENEW, found)
    await world.put(found)
    await world.tell(found, "subscription.resumed", found)
    return Done(object=found.id)


async def carry_out(world: World, action: str, object_id: str) -> None:
    """Let what was planned happen, if things still stand as they did."""
    found = await world.find(Subscription, object_id)
    match found, action:
        case Subscription(state="incomplete"), "expire":
            await _end(world, found, "expired")
        case Subscription(state="active" | "trialing"), "renew" if world.now >= found.period_end:
            await _next_period(world, found)
        case Subscription(awaited=Awaited(until=until)), "give_up" if world.now >= until:
            found = await world.put(found.model_copy(update={"awaited": None}))
            await world.tell(found, "subscription.updated", found)
        case Subscription(state="past_due"), "retry":
            await _try_period(world, found)
        case _:
            return


async def _next_period(world: World, found: Subscription) -> None:
    if found.cancel_at_period_end:
        await _end(world, found, "canceled")
        return
    plan, is_trial = found.pending or found.plan, found.state == "trialing"
    if _same_rhythm(found.plan, plan):
        number = 0 if is_trial else found.number + 1
        found = found.model_copy(update={"plan": plan, "pending": None, "number": number})
    else:
        found = found.model_copy(update={"anchor": found.period_end, "plan": plan, "pending": None, "number": 0})
    # The trial is over whether its first payment succeeds or not.
    await _try_period(world, found.model_copy(update={"state": "past_due", "failures": 0}))


async def _try_period(world: World, found: Subscription) -> None:
    fails = found.fate is Fate.RENEWAL_FAILS or (found.fate is Fate.RENEWAL_FAILS_ONCE and found.failures == 0)
    if not fails or (found.fate is Fate.RENEWAL_FAILS_ONCE and found.number > 1):
        await _pay_period(world, found)
        return
    is_last = found.failures >= len(rules.RENEWED_AGAIN_AFTER)
    failed = {"failures": found.failures + 1, "decline_code": "generic_decline"}
    found = found.model_copy(update={**failed, "state": "unpaid" if is_last else "past_due"})
    await world.put(found)
    await world.tell(found, "invoice.payment_failed", found)
    if is_last:
        await world.tell(found, "subscription.updated", found)
    else:
        await world.plan(rules.RENEWED_AGAIN_AFTER[found.failures - 1], _RETRY, found)


async def _pay_period(world: World, found: Subscription) -> None:
    paid = found.model_copy(update={"state": "active", "failures": 0, "decline_code": None})
    payment = await _charge(world, paid, paid.plan.amount)
    paid = _with_invoice(paid, payment, starts=paid.period_start, change_id=None)
    paid = await world.put(paid.model_copy(update={"paid_until": paid.period_end}))
    await world.tell(paid, "invoice.paid", paid)
    await world.plan(paid.period_end - world.now, _RENEW, paid)


async def _charge(world: World, found: Subscription, amount: int) -> Payment:
    name = await world.mint(Payment.prefix)
    charge = name.replace(Payment.prefix, "ch", 1)
    taken = Payment(
        id=name,
        state="captured",
        amount=amount,
        currency=found.plan.currency,
        capture="automatic",
        transfer_group=found.id,
        fate=Fate.PLAIN,
        captured=amount,
        charge=charge,
    )
    await world.book("charge", charge, amount, taken.currency, fee=rules.fee_of(amount))
    return await world.put(taken)


def _with_invoice(found: Subscription, payment: Payment, *, starts: datetime, change_id: UUID | None) -> Subscription:
    invoice = PaidInvoice(
        payment=payment.id,
        charge=payment.charge or payment.id,
        kind="cycle" if change_id is None else "change",
        price_id=found.plan.price_id,
        amount=payment.amount,
        currency=payment.currency,
        period_start=starts,
        period_end=found.period_end,
        change_id=change_id,
    )
    return found.model_copy(update={"invoices": (*found.invoices, invoice)})


async def _end(world: World, found: Subscription, state: str) -> None:
    ended = found.model_copy(update={"state": state, "ended_at": world.now, "pending": None, "awaited": None})
    await world.put(ended)
    await world.tell(ended, "subscription.deleted", ended)


def _same_rhythm(one: Plan, other: Plan) -> bool:
    return (one.interval, one.interval_count) == (other.interval, other.interval_count)
