"""The bodies that we send to PayPal about subscriptions. Pure."""

from typing import Any, Final
from uuid import UUID

from cleanly.platform.providers.billing import NewSubscription, Terms
from cleanly.platform.providers.paypal.bodies import amount
from cleanly.platform.providers.paypal.settings import PayPalSettings

_NAME_LENGTH_MAX: Final = 127


def product_id(price_id: UUID) -> str:
    """The id that we give to a price's product there: by it the price's plans are found again."""
    return f"CLEANLY-{price_id.hex}"


def mark(price_id: UUID, trial_days: int | None) -> str:
    """A plan's description: which of our prices it is, and with how long a trial. PayPal gives plans their ids."""
    return f"{price_id} {trial_days or 0}"


def new_product(terms: Terms) -> dict[str, Any]:
    """One per price of ours."""
    return {"id": product_id(terms.price_id), "name": terms.name[:_NAME_LENGTH_MAX], "type": "SERVICE"}


def new_plan(terms: Terms, trial_days: int | None) -> dict[str, Any]:
    """A price and its trial. What could not be taken is never added to the next period's: each pays for itself."""
    unit, free = terms.interval.upper(), []
    if trial_days is not None:
        free = [
            {
                "frequency": {"interval_unit": "DAY", "interval_count": trial_days},
                "tenure_type": "TRIAL",
                "sequence": 1,
                "total_cycles": 1,
            }
        ]
    regular = {
        "frequency": {"interval_unit": unit, "interval_count": terms.interval_count},
        "tenure_type": "REGULAR",
        "sequence": len(free) + 1,
        "total_cycles": 0,
        "pricing_scheme": {"fixed_price": amount(terms.money)},
    }
    return {
        "product_id": product_id(terms.price_id),
        "name": terms.name[:_NAME_LENGTH_MAX],
        "description": mark(terms.price_id, trial_days),
        "status": "ACTIVE",
        "billing_cycles": [*free, regular],
        "payment_preferences": {"auto_bill_outstanding": False, "payment_failure_threshold": 2},
    }


def new_subscription(new: NewSubscription, plan: str, settings: PayPalSettings) -> dict[str, Any]:
    """One that the buyer approves; it is billed from then on."""
    context = {"user_action": "SUBSCRIBE_NOW", "shipping_preference": "NO_SHIPPING"}
    if settings.paypal_return_url is not None and settings.paypal_cancel_url is not None:
        context |= {"return_url": settings.paypal_return_url, "cancel_url": settings.paypal_cancel_url}
    return {"plan_id": plan, "custom_id": str(new.our_id), "application_context": context}
