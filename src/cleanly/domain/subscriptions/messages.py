"""Work that subscriptions ask for, and what they tell subscribers of outbound webhooks."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, PlainSerializer

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.messages import Event, EventData, EventType, Task, Tick
from cleanly.platform.providers.purchases import SubscriptionState


class Acknowledge(BaseModel):
    """A Play purchase that was granted."""

    subscription_id: UUID


JANITOR = Task("subscriptions.janitor", Tick, attempts_max=3)
GIVEN_BACK = Task("subscriptions.given_back", Tick, attempts_max=3)
SWEEP_VOIDED = Task("subscriptions.sweep_voided", Tick, attempts_max=5)
MEASURE = Task("subscriptions.measure", Tick, attempts_max=1)
# Google gives the money back after three days: tried for longer than that.
ACKNOWLEDGE = Task("subscriptions.acknowledge", Acknowledge, attempts_max=40)

SUBSCRIPTION_STARTED = "subscription.started"
SUBSCRIPTION_RENEWED = "subscription.renewed"
SUBSCRIPTION_RECOVERED = "subscription.recovered"
SUBSCRIPTION_PAST_DUE = "subscription.past_due"
SUBSCRIPTION_UNPAID = "subscription.unpaid"
SUBSCRIPTION_PAUSED = "subscription.paused"
SUBSCRIPTION_RESUMED = "subscription.resumed"
SUBSCRIPTION_CHANGED = "subscription.changed"
SUBSCRIPTION_CANCEL_SCHEDULED = "subscription.cancel_scheduled"
SUBSCRIPTION_ENDED = "subscription.ended"


class SubscriptionMoved(EventData):
    """A subscription, how it stands, and until when it is paid."""

    subscription_id: UUID
    price_id: UUID
    state: SubscriptionState
    paid_until: Annotated[datetime | None, PlainSerializer(lambda at: at and rfc3339(at), when_used="json")]


_EXAMPLE = UUID("01a2038c-e4a8-7347-8350-90f38f89e522")
_PRICE = UUID("01a2038d-1b0c-7d11-9c55-2f4d1c6f0a77")


def _type(kind: str, summary: str, state: SubscriptionState) -> EventType:
    paid_until = datetime.fromisoformat("2026-12-22T12:00:00Z")
    example = SubscriptionMoved(subscription_id=_EXAMPLE, price_id=_PRICE, state=state, paid_until=paid_until)
    return EventType(kind, summary, example)


_NEWS: tuple[tuple[str, str, Literal["active", "past_due", "unpaid", "paused", "canceled"]], ...] = (
    (SUBSCRIPTION_STARTED, "Its first period was paid, or its trial began: deliver.", "active"),
    (SUBSCRIPTION_RENEWED, "Another period was paid.", "active"),
    (SUBSCRIPTION_RECOVERED, "What was unpaid was paid after all.", "active"),
    (SUBSCRIPTION_PAST_DUE, "A renewal failed; the provider tries again, and it lasts on for the grace.", "past_due"),
    (SUBSCRIPTION_UNPAID, "The grace is over and nothing was paid: stop delivering.", "unpaid"),
    (SUBSCRIPTION_PAUSED, "It rests: nothing is billed or delivered.", "paused"),
    (SUBSCRIPTION_RESUMED, "It goes on, after a pause or after it was to end.", "active"),
    (SUBSCRIPTION_CHANGED, "Another plan was chosen, now or for the next period.", "active"),
    (SUBSCRIPTION_CANCEL_SCHEDULED, "It will not be renewed.", "active"),
    (SUBSCRIPTION_ENDED, "It is over.", "canceled"),
)
EVENTS = tuple(_type(*told) for told in _NEWS)
# By the word that the rules have for it.
TOLD = {
    "started": SUBSCRIPTION_STARTED,
    "renewed": SUBSCRIPTION_RENEWED,
    "recovered": SUBSCRIPTION_RECOVERED,
    "past_due": SUBSCRIPTION_PAST_DUE,
    "unpaid": SUBSCRIPTION_UNPAID,
    "paused": SUBSCRIPTION_PAUSED,
    "resumed": SUBSCRIPTION_RESUMED,
    "changed": SUBSCRIPTION_CHANGED,
    "cancel_scheduled": SUBSCRIPTION_CANCEL_SCHEDULED,
    "ended": SUBSCRIPTION_ENDED,
}


def about(
    word: str, account_id: UUID, subscription_id: UUID, *, price_id: UUID, state: str, paid_until: datetime | None
) -> Event:
    """A thin event."""
    return Event(
        type=TOLD[word],
        account_id=account_id,
        data={
            "subscriptionId": str(subscription_id),
            "priceId": str(price_id),
            "state": state,
            "paidUntil": rfc3339(paid_until) if paid_until else None,
        },
    )
