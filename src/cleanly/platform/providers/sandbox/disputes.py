"""What is done to disputes in the sandbox's world: money leaves at once, and comes back if the dispute is won."""

from typing import Literal

from cleanly.platform.providers.sandbox import rules
from cleanly.platform.providers.sandbox.objects import Dispute, Movement, Payment
from cleanly.platform.providers.sandbox.world import World

OPEN = frozenset({"needs_response", "under_review"})


async def open_on(world: World, payment: Payment, *, ends: Literal["lose", "win"] | None = None) -> Dispute | None:
    """The buyer's bank takes back what is left of a payment; None if nothing is, or it is disputed already."""
    amount = payment.captured - payment.refunded
    if payment.state != "captured" or payment.is_disputed or amount <= 0:
        return None
    name = await world.mint(Dispute.prefix)
    entry = await world.book("dispute", name, -amount, payment.currency, fee=rules.DISPUTE_FEE)
    dispute = Dispute(
        id=name,
        payment=payment.id,
        state="needs_response",
        amount=amount,
        currency=payment.currency,
        movements=(Movement(kind="withdrawn", amount=amount, entry=entry.id),),
        evidence_due_at=world.now + rules.DISPUTE_DECIDED_AFTER,
    )
    await world.put(dispute)
    payment = await world.put(payment.model_copy(update={"is_disputed": True}))
    await world.tell(payment, "dispute.created", dispute)
    await world.tell(payment, "dispute.funds_withdrawn", dispute)
    if ends is not None:
        await world.plan(rules.DISPUTE_DECIDED_AFTER, ends, dispute)
    return dispute


async def close(world: World, dispute_id: str, *, is_won: bool) -> Dispute | None:
    """The bank decides; None if there is no such open dispute."""
    dispute = await world.find(Dispute, dispute_id)
    payment = None if dispute is None else await world.find(Payment, dispute.payment)
    if dispute is None or payment is None or dispute.state not in OPEN:
        return None
    if not is_won:
        dispute = await world.put(dispute.model_copy(update={"state": "lost"}))
        await world.tell(payment, "dispute.closed", dispute)
        return dispute
    entry = await world.book("dispute_reversal", dispute.id, dispute.amount, dispute.currency)
    back = Movement(kind="reinstated", amount=dispute.amount, entry=entry.id)
    dispute = await world.put(dispute.model_copy(update={"state": "won", "movements": (*dispute.movements, back)}))
    await world.put(payment.model_copy(update={"is_disputed": False}))
    await world.tell(payment, "dispute.closed", dispute)
    await world.tell(payment, "dispute.funds_reinstated", dispute)
    return dispute
