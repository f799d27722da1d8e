"""The bodies that we send to Stripe about subscriptions, in the SDK's own types, as `bodies.py`."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from stripe.params import (
    InvoiceCreatePreviewParams,
    InvoiceListParams,
    PaymentIntentListParams,
    PriceCreateParams,
    PriceListParams,
    SubscriptionCreateParams,
    SubscriptionRetrieveParams,
    SubscriptionScheduleCreateParams,
    SubscriptionScheduleUpdateParams,
    SubscriptionSearchParams,
    SubscriptionUpdateParams,
)

from cleanly.platform.providers.billing import NewSubscription, Terms
from cleanly.platform.providers.reading import Json
from cleanly.platform.providers.stripe.billing_snapshots import CHANGE, CHANGED_AT, PRICE
from cleanly.platform.providers.stripe.bodies import PAGE, exact
from cleanly.platform.providers.stripe.snapshots import OUR_ID, identity

INVOICES_SHOWN: Final = 12
_NAME_LENGTH_MAX: Final = 250


def price(terms: Terms) -> PriceListParams:
    """By the name that we gave it. The list does not lag, as a search does; one that was put away is found, too."""
    return {"lookup_keys": [str(terms.price_id)], "limit": 1}


def new_price(terms: Terms) -> PriceCreateParams:
    """One of our prices, which never changes: a recurring price, under a product of its own."""
    return {
        "unit_amount": exact(terms.money),
        "currency": terms.money.currency.lower(),
        "recurring": {"interval": terms.interval, "interval_count": terms.interval_count},
        "product_data": {"name": terms.name[:_NAME_LENGTH_MAX], "metadata": {OUR_ID: str(terms.price_id)}},
        "lookup_key": str(terms.price_id),
        "metadata": {OUR_ID: str(terms.price_id)},
    }


def new_subscription(new: NewSubscription, price_name: str) -> SubscriptionCreateParams:
    """One whose first invoice waits for PaymentSheet, and which keeps the card that pays it.

    A trial needs no card at first: without one it is over when the trial is.
    """
    body: SubscriptionCreateParams = {
        "items": [{"price": price_name}],
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "metadata": {OUR_ID: str(new.our_id)},
    }
    if new.customer:
        body["customer"] = new.customer
    if new.trial_days is not None:
        body["trial_period_days"] = new.trial_days
        body["trial_settings"] = {"end_behavior": {"missing_payment_method": "cancel"}}
    return body


def subscription() -> SubscriptionRetrieveParams:
    """A look, with what is planned for later."""
    return {"expand": ["schedule"]}


def with_secrets() -> SubscriptionRetrieveParams:
    """A look for PaymentSheet: the newest invoice's secret, and the trial's."""
    return {"expand": ["latest_invoice.confirmation_secret", "pending_setup_intent"]}


def search(our_id: UUID) -> SubscriptionSearchParams:
    """By our id."""
    return {"query": f"metadata['{OUR_ID}']:'{our_id}'", "limit": 1}


def invoices(reference: str) -> InvoiceListParams:
    """The newest invoices of a subscription, with what paid them."""
    return {"subscription": reference, "limit": INVOICES_SHOWN, "expand": ["data.payments"]}


def intents(customer: str, since: int) -> PaymentIntentListParams:
    """What a customer has paid since then, newest first: by one call what would be one for each invoice."""
    return {"customer": customer, "created": {"gte": since}, "limit": PAGE}


def preview(it: Json, price_name: str, at: datetime) -> InvoiceCreatePreviewParams:
    """What `change` at that moment would cost."""
    return {
        "subscription": str(it["id"]),
        "subscription_details": {
            "items": [{"id": _item(it), "price": price_name}],
            "proration_behavior": "always_invoice",
            "proration_date": int(at.timestamp()),
        },
    }


def change(it: Json, price_name: str, *, change_id: UUID, at: datetime) -> SubscriptionUpdateParams:
    """Another price as of that moment, paid now or not at all. Its invoice repeats our metadata, and so names us."""
    return {
        "items": [{"id": _item(it), "price": price_name}],
        "payment_behavior": "error_if_incomplete",
        "proration_behavior": "always_invoice",
        "proration_date": int(at.timestamp()),
        **mark(change_id=change_id, at=at),
    }


def mark(*, change_id: UUID, at: datetime) -> SubscriptionUpdateParams:
    """Which change comes. By itself: what waits for the subscriber takes no metadata with it."""
    return {"metadata": {CHANGE: str(change_id), CHANGED_AT: str(int(at.timestamp()))}}


def awaited(it: Json, price_name: str, *, at: datetime) -> SubscriptionUpdateParams:
    """As `change`, holding as soon as the subscriber confirms the payment; Stripe gives that up within a day."""
    return {
        "items": [{"id": _item(it), "price": price_name}],
        "payment_behavior": "pending_if_incomplete",
        "proration_behavior": "always_invoice",
        "proration_date": int(at.timestamp()),
    }


def new_schedule(reference: str) -> SubscriptionScheduleCreateParams:
    """One that goes on as the subscription does."""
    return {"from_subscription": reference}


def schedule(it: Json, price_name: str, terms: Terms) -> SubscriptionScheduleUpdateParams:
    """The phase that runs, as it is; then the other price, which the subscription then keeps."""
    start = (it.get("current_phase") or it["phases"][0])["start_date"]
    runs = next(phase for phase in it["phases"] if phase["start_date"] == start)
    now: Any = {
        "items": [{"price": identity(item["price"]), "quantity": item["quantity"]} for item in runs["items"]],
        "start_date": start,
        "end_date": runs["end_date"],
    }
    if runs.get("trial_end") is not None:
        now["trial_end"] = runs["trial_end"]
    return {
        "end_behavior": "release",
        "proration_behavior": "none",
        "phases": [
            now,
            {
                "items": [{"price": price_name, "quantity": 1}],
                "duration": {"interval": terms.interval, "interval_count": terms.interval_count},
                "proration_behavior": "none",
            },
        ],
        "metadata": {PRICE: str(terms.price_id)},
    }


def end(*, at_period_end: bool) -> SubscriptionUpdateParams:
    """Not to be renewed, or to be renewed after all."""
    return {"cancel_at_period_end": at_period_end}


def pause() -> SubscriptionUpdateParams:
    """Whatever falls due is void."""
    return {"pause_collection": {"behavior": "void"}}


def go_on(*, anew: bool) -> SubscriptionUpdateParams:
    """Bill again. `anew`: the period that runs was void, so a new one begins now, and is charged."""
    body: SubscriptionUpdateParams = {"pause_collection": ""}
    if anew:
        body["billing_cycle_anchor"] = {"type": "now"}
        body["proration_behavior"] = "none"
    return body


def _item(it: Json) -> str:
    return str(it["items"]["data"][0]["id"])
