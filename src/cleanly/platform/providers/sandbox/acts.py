"""What is done to payments and refunds in the sandbox's world. Takes the world, answers what the provider says."""

from typing import Final

from cleanly.platform.providers.protocol import NewPayment
from cleanly.platform.providers.sandbox import disputes, payees, rules, subscriptions
from cleanly.platform.providers.sandbox.objects import Answer, Customer, Payment, Refund, Refusal
from cleanly.platform.providers.sandbox.rules import DECLINES, Fate
from cleanly.platform.providers.sandbox.subscribed import Subscription
from cleanly.platform.providers.sandbox.world import World

MISSING: Final = Refusal(code="resource_missing")
UNEXPECTED: Final = Refusal(code="unexpected_state")
_ENDS_DISPUTED: Final = {Fate.DISPUTE_LOST: "dispute_lost", Fate.DISPUTE_WON: "dispute_won"}


async def create_payment(world: World, new: NewPayment, *, fate: Fate) -> Answer:
    """Make a payment. Without a fate that says otherwise the buyer's card pays at once."""
    if new.money.amount <= 0:
        return Refusal(code="amount_too_small")
    if new.customer is not None and await world.find(Customer, new.customer) is None:
        return MISSING
    payment = Payment(
        id=await world.mint(Payment.prefix),
        our_id=new.our_id,
        state="requires_action",
        amount=new.money.amount + (1 if fate is Fate.OTHER_AMOUNT else 0),
        currency=new.money.currency,
        capture=new.capture,
        transfer_group=new.transfer_group,
        fate=fate,
    )
    await world.put(payment)
    await world.tell(payment, "payment.created", payment)
    match fate:
        case Fate.DECLINED | Fate.INSUFFICIENT_FUNDS:
            await _fail(world, payment, DECLINES[fate])
            return Refusal(code="card_declined", decline_code=DECLINES[fate])
        case Fate.ASKS_BUYER:
            await world.tell(payment, "payment.requires_action", payment)
            return payment
        case Fate.PROCESSING_THEN_CAPTURED | Fate.PROCESSING_THEN_FAILED:
            payment = await world.put(payment.model_copy(update={"state": "processing"}))
            await world.tell(payment, "payment.processing", payment)
            await world.plan(rules.PROCESSING, "settle" if fate is Fate.PROCESSING_THEN_CAPTURED else "fail", payment)
            return payment
        case _:
            return await _settle(world, payment)


async def confirm_payment(world: World, reference: str) -> Answer:
    """The buyer agrees."""
    payment = await world.find(Payment, reference)
    if payment is None:
        return MISSING
    if payment.state != "requires_action":
        return UNEXPECTED
    return await _settle(world, payment.model_copy(update={"decline_code": None}))


async def decline_payment(world: World, reference: str) -> Answer:
    """The buyer's bank says no; the buyer may try again."""
    payment = await world.find(Payment, reference)
    if payment is None:
        return MISSING
    if payment.state != "requires_action":
        return UNEXPECTED
    payment = await world.put(payment.model_copy(update={"decline_code": "authentication_failed"}))
    await world.tell(payment, "payment.declined", payment)
    return payment


async def capture_payment(world: World, reference: str, amount: int, currency: str, *, fate: Fate) -> Answer:
    """Take an authorized payment, all or part of it; what is left is given back."""
    payment = await world.find(Payment, reference)
    if payment is None:
        return MISSING
    if payment.state != "authorized":
        return UNEXPECTED
    if currency != payment.currency or not 0 < amount <= payment.amount:
        return Refusal(code="amount_too_large")
    if fate in DECLINES:
        return Refusal(code="card_declined", decline_code=DECLINES[fate])
    return await _take(world, payment, amount)


async def cancel_payment(world: World, reference: str) -> Answer:
    """Give up a payment that has taken nothing."""
    payment = await world.find(Payment, reference)
    if payment is None:
        return MISSING
    if payment.state not in {"requires_action", "authorized"}:
        return UNEXPECTED
    return await _cancel(world, payment)


async def refund(
    world: World, reference: str, amount: int, currency: str, *, charge: str | None, our_id: object, fate: Fate
) -> Answer:
    """Give money back. Without `charge` and `our_id`: in the dashboard."""
    payment = await world.find(Payment, reference)
    if payment is None or (charge is not None and charge != payment.charge):
        return MISSING
    if payment.state != "captured":
        return UNEXPECTED
    if payment.is_disputed:
        return Refusal(code="charge_disputed")
    if currency != payment.currency or not 0 < amount <= payment.captured - payment.refunded:
        return Refusal(code="amount_too_large")
    if fate in DECLINES:
        return Refusal(code="refund_refused")
    will_fail = Fate.REFUND_FAILS in {fate, payment.fate}
    made = Refund.model_validate(
        {
            "id": await world.mint(Refund.prefix),
            "our_id": our_id,
            "payment": payment.id,
            "state": "pending" if will_fail else "succeeded",
            "amount": amount,
            "currency": currency,
        }
    )
    await world.put(made)
    await world.put(payment.model_copy(update={"refunded": payment.refunded + amount}))
    await world.book("refund", made.id, -amount, currency)
    await world.tell(payment, "refund.created", made)
    if will_fail:
        await world.plan(rules.REFUND_FAILS_AFTER, "fail_refund", made)
    return made


async def carry_out(  # noqa: C901 - a list of what can happen
    world: World, action: str, object_id: str
) -> None:
    """Let what was planned happen, if things still stand as they did."""
    if action == "fail_refund":
        made = await world.find(Refund, object_id)
        if made is not None and made.state == "pending":
            await _fail_refund(world, made)
        return
    if action.startswith("payout_"):
        await payees.carry_out(world, action, object_id)
        return
    if action in {"lose", "win"}:
        await disputes.close(world, object_id, is_won=action == "win")
        return
    if object_id.startswith(f"{Subscription.prefix}_"):
        await subscriptions.carry_out(world, action, object_id)
        return
    payment = await world.find(Payment, object_id)
    match payment, action:
        case Payment(state="processing"), "settle":
            await _settle(world, payment)
        case Payment(state="processing"), "fail":
            await _fail(world, payment, "debit_failed")
        case Payment(state="authorized"), "expire":
            await _cancel(world, payment)
        case Payment(), "dispute_lost" | "dispute_won":
            await disputes.open_on(world, payment, ends="lose" if action == "dispute_lost" else "win")
        case Payment(), "refund_twice":
            # Equal amounts on purpose: the second is no copy of the first.
            half = (payment.captured - payment.refunded) // 2
            for _ in range(2):
                await refund(world, payment.id, half, payment.currency, charge=None, our_id=None, fate=Fate.PLAIN)
        case _:
            return


async def _settle(world: World, payment: Payment) -> Payment:
    if payment.capture == "automatic":
        return await _take(world, payment, payment.amount)
    until = world.now + rules.AUTHORIZED
    payment = await world.put(payment.model_copy(update={"state": "authorized", "authorized_until": until}))
    await world.tell(payment, "payment.authorized", payment)
    await world.plan(rules.AUTHORIZED, "expire", payment)
    return payment


async def _take(world: World, payment: Payment, amount: int) -> Payment:
    charge = payment.id.replace(Payment.prefix, "ch", 1)
    taken = {"state": "captured", "captured": amount, "charge": charge, "authorized_until": None}
    payment = await world.put(payment.model_copy(update=taken))
    await world.book("charge", charge, amount, payment.currency, fee=rules.fee_of(amount))
    await world.tell(payment, "payment.captured", payment)
    if payment.fate in _ENDS_DISPUTED:
        await world.plan(rules.DISPUTED_AFTER, _ENDS_DISPUTED[payment.fate], payment)
    if payment.fate is Fate.DISPUTE_FIRST:
        await disputes.open_on(world, payment)
    if payment.fate is Fate.REFUNDED_TWICE:
        await world.plan(rules.DASHBOARD_AFTER, "refund_twice", payment)
    return payment


async def _cancel(world: World, payment: Payment) -> Payment:
    payment = await world.put(payment.model_copy(update={"state": "canceled", "authorized_until": None}))
    await world.tell(payment, "payment.canceled", payment)
    return payment


async def _fail(world: World, payment: Payment, decline_code: str) -> None:
    payment = await world.put(payment.model_copy(update={"state": "failed", "decline_code": decline_code}))
    await world.tell(payment, "payment.failed", payment)


async def _fail_refund(world: World, made: Refund) -> None:
    payment = await world.find(Payment, made.payment)
    if payment is None:
        raise LookupError(f"{made.id} has no payment")
    made = await world.put(made.model_copy(update={"state": "failed", "failure_code": "expired_or_canceled_card"}))
    await world.put(payment.model_copy(update={"refunded": payment.refunded - made.amount}))
    await world.book("adjustment", made.id, made.amount, made.currency)
    await world.tell(payment, "refund.failed", made)
