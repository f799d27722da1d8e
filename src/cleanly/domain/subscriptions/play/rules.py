"""A purchase on Google Play in the words of every other subscription. Pure.

The base plan's id is our price's id: the catalogue needs no second table of what is sold where.
"""

from datetime import datetime
from uuid import UUID

from cleanly.platform.providers.billing import SubscriptionSnapshot
from cleanly.platform.providers.purchases import SubscriptionItem, SubscriptionPurchase

PROVIDER = "google_play"


def price_of(item: SubscriptionItem | None) -> UUID | None:
    """The price of ours that an item was bought at; None: it is no plan of ours."""
    if item is None or item.base_plan is None:
        return None
    try:
        return UUID(item.base_plan)
    except ValueError:
        return None


def shown(purchase: SubscriptionPurchase, known_price_id: UUID) -> SubscriptionSnapshot:
    """As a look at any provider shows it. `known_price_id`: kept where Google tells of no plan of ours."""
    until = purchase.expires_at
    return SubscriptionSnapshot(
        provider=PROVIDER,
        reference=purchase.token,
        our_id=None,
        state=purchase.state,
        price_id=price_of(purchase.current) or known_price_id,
        period_start=purchase.started_at,
        period_end=until,
        paid_until=until,
        trial_end=until if purchase.state == "trialing" else None,
        cancel_at_period_end=purchase.cancel_at_period_end,
        ended_at=until if purchase.state == "expired" else purchase.canceled_at,
        resumes_at=purchase.resumes_at,
        # Google's expiry includes Google's own grace.
        grace_until=until if purchase.state == "past_due" else None,
        must_acknowledge=not purchase.is_acknowledged and purchase.state in {"trialing", "active", "past_due"},
    )


def gone(token: str, price_id: UUID, *, at: datetime) -> SubscriptionSnapshot:
    """Google has forgotten it: over."""
    return SubscriptionSnapshot(
        provider=PROVIDER, reference=token, our_id=None, state="expired", price_id=price_id, ended_at=at
    )
