"""What may be asked of a subscription, and whether a look shows that it was done. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from cleanly.domain.subscriptions.rules import ENDED, Facts
from cleanly.platform.providers.billing import SubscriptionSnapshot

Kind = Literal["price", "cancel", "cancel_at_period_end", "pause", "resume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked. `effective_at` of a change of price: None when the period ends."""

    kind: Kind
    to_price_id: UUID | None = None
    effective_at: datetime | None = None


def is_done(facts: Facts, wish: Wish) -> bool:
    """Whether it is as was asked already: a retry whose first answer was lost."""
    match wish.kind:
        case "cancel":
            return facts.state in ENDED
        case "cancel_at_period_end":
            return facts.cancel_at_period_end or facts.state in ENDED
        case "pause":
            return facts.state == "paused"
        case "resume":
            return facts.state in {"trialing", "active", "past_due"} and not facts.cancel_at_period_end
        case "price":
            return _has_price(facts.price_id, facts.pending_price_id, wish)


def is_shown(seen: SubscriptionSnapshot, wish: Wish) -> bool:
    """Whether a look shows that the provider has done it."""
    over = seen.state in ENDED
    match wish.kind:
        case "cancel":
            return over
        case "cancel_at_period_end":
            return over or seen.cancel_at_period_end
        case "pause":
            return over or seen.state == "paused"
        case "resume":
            return over or (seen.state != "paused" and not seen.cancel_at_period_end)
        case "price":
            # What is wanted for the period's end leaves nothing waiting that could hold before.
            is_alone = wish.effective_at is not None or seen.awaited is None
            return over or (is_alone and _has_price(seen.price_id, seen.pending_price_id, wish))


def waits_until(seen: SubscriptionSnapshot, wish: Wish) -> datetime | None:
    """Until when the subscriber may confirm what was asked; None: nobody waits for that."""
    awaited = seen.awaited
    return (
        awaited.until if wish.kind == "price" and awaited is not None and awaited.price_id == wish.to_price_id else None
    )


def _has_price(price_id: UUID, pending_price_id: UUID | None, wish: Wish) -> bool:
    if wish.effective_at is not None:
        return price_id == wish.to_price_id
    # Back to the plan that runs: what was pending is given up.
    return pending_price_id == wish.to_price_id or (price_id == wish.to_price_id and pending_price_id is None)


def why_not(facts: Facts, wish: Wish) -> str | None:
    """Why it can't be asked now, if it can't."""
    if facts.state in ENDED:
        return "It is over"
    match wish.kind:
        case "cancel":
            return None
        case "cancel_at_period_end":
            return None if facts.state in {"trialing", "active", "past_due"} else "End it now instead"
        case "pause":
            return None if facts.state == "active" and not facts.cancel_at_period_end else "Only what is paid can pause"
        case "resume":
            return None if facts.state == "paused" or facts.cancel_at_period_end else "There is nothing to resume"
        case "price":
            return None if facts.state in {"trialing", "active"} else "Pay what is open first"
