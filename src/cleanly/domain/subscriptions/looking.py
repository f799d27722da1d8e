"""One look at whoever bills a subscription, in our words."""

from datetime import datetime

from cleanly.domain.subscriptions.play import rules as play
from cleanly.domain.subscriptions.queries import Subscription
from cleanly.domain.subscriptions.service import PLAY
from cleanly.kernel.context import Context
from cleanly.platform.providers.billing import SubscriptionSnapshot
from cleanly.platform.providers.purchases import TokenGone
from cleanly.platform.providers.registry import Providers

__all__ = ["PLAY", "look"]


async def look(
    context: Context, subscription: Subscription, reference: str | None, *, now: datetime
) -> SubscriptionSnapshot | None:
    """What it says now; None: it has nothing by our id. `reference`: its id, from news that came before our answer.

    Raises:
        Refused, Unknown, NotSent: as the provider. UnsupportedByProvider: it is not set up here any more.
    """
    place = subscription.reference or reference
    if subscription.provider == PLAY:
        if place is None:
            return None
        try:
            purchase = await context.part(Providers).store.get_subscription(place)
        except TokenGone:
            return play.gone(place, subscription.price_id, at=now)
        return play.shown(purchase, subscription.price_id)
    biller = context.part(Providers).biller(subscription.provider)
    if place is None:
        return await biller.find_subscription(subscription.id)
    return await biller.get_subscription(place)
