"""Google's purchases, orders and voided purchases in our words. Pure; what it does not know it does not guess.

Source: the discovery document of androidpublisher v3, revision 20261026. Fields that are new are passed over; a state
that is new can't be read, for it might mean anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from cleanly.platform.providers.google_play import amounts
from cleanly.platform.providers.purchases import (
    CanceledBy,
    Order,
    OrderState,
    Phase,
    ProductItem,
    ProductPurchase,
    ProductState,
    SubscriptionItem,
    SubscriptionPurchase,
    SubscriptionState,
    VoidedBecause,
    VoidedBy,
    VoidedPurchase,
)
from cleanly.platform.providers.reading import Json, at_instant, at_second, within

_STATES: Final[dict[str, SubscriptionState]] = {
    "SUBSCRIPTION_STATE_PENDING": "incomplete",
    "SUBSCRIPTION_STATE_ACTIVE": "active",
    "SUBSCRIPTION_STATE_IN_GRACE_PERIOD": "past_due",
    "SUBSCRIPTION_STATE_ON_HOLD": "unpaid",
    "SUBSCRIPTION_STATE_PAUSED": "paused",
    "SUBSCRIPTION_STATE_CANCELED": "active",  # it will not be renewed, and lasts to the end of what is paid
    "SUBSCRIPTION_STATE_EXPIRED": "expired",
    "SUBSCRIPTION_STATE_PENDING_PURCHASE_CANCELED": "canceled",
}
_GOES_ON: Final[frozenset[SubscriptionState]] = frozenset({"trialing", "active", "past_due", "unpaid", "paused"})
_PHASES: Final[dict[str, Phase]] = {
    "freeTrial": "trial",
    "introductoryPrice": "introductory",
    "basePrice": "base",
    "prorationPeriod": "proration",
}
_CANCELED_BY: Final[dict[str, CanceledBy]] = {
    "userInitiatedCancellation": "user",
    "systemInitiatedCancellation": "system",
    "developerInitiatedCancellation": "developer",
    "replacementCancellation": "replacement",
}
_PRODUCT_STATES: Final[dict[str, ProductState]] = {
    "PENDING": "pending",
    "PURCHASED": "purchased",
    "CANCELLED": "canceled",
}
_ORDER_STATES: Final[dict[str, OrderState]] = {
    "PENDING": "pending",
    "PROCESSED": "processed",
    "CANCELED": "canceled",
    "PENDING_REFUND": "refunding",
    "PARTIALLY_REFUNDED": "partially_refunded",
    "REFUNDED": "refunded",
}
_VOIDED_BY: Final[Mapping[int, VoidedBy]] = {0: "user", 1: "developer", 2: "google"}
_VOIDED_BECAUSE: Final[Mapping[int, VoidedBecause]] = {
    0: "other",
    1: "remorse",
    2: "not_received",
    3: "defective",
    4: "accidental_purchase",
    5: "fraud",
    6: "friendly_fraud",
    7: "chargeback",
    8: "unacknowledged",
}


def subscription(it: Json, *, token: str, now: datetime) -> SubscriptionPurchase:
    """A SubscriptionPurchaseV2. `now`: one that was canceled is active until what is paid has ended.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it can't be read.
    """
    items = tuple(_subscription_item(found) for found in _list(it, "lineItems"))
    canceled_by, canceled_at = _cancellation(it)
    found = SubscriptionPurchase(
        token=token,
        state=_STATES[it["subscriptionState"]],
        items=items,
        account_id=_text(within(it, "externalAccountIdentifiers", "obfuscatedExternalAccountId")),
        is_acknowledged=_is_acknowledged(it),
        is_test=it.get("testPurchase") is not None,
        cancel_at_period_end=False,
        linked_token=_text(it.get("linkedPurchaseToken")),
        region=_text(it.get("regionCode")),
        started_at=_instant(it.get("startTime")),
        resumes_at=_instant(within(it, "pausedStateContext", "autoResumeTime")),
        canceled_by=canceled_by,
        canceled_at=canceled_at,
        expired_token=_text(within(it, "outOfAppPurchaseContext", "expiredPurchaseToken")),
        expired_account_id=_text(
            within(it, "outOfAppPurchaseContext", "expiredExternalAccountIdentifiers", "obfuscatedExternalAccountId")
        ),
    )
    return _at(found, now, is_canceled=it["subscriptionState"] == "SUBSCRIPTION_STATE_CANCELED")


def product(it: Json, *, token: str) -> ProductPurchase:
    """A ProductPurchaseV2. Raises as `subscription`."""
    return ProductPurchase(
        token=token,
        state=_PRODUCT_STATES[it["purchaseStateContext"]["purchaseState"]],
        items=tuple(_product_item(found) for found in _list(it, "productLineItem")),
        account_id=_text(it.get("obfuscatedExternalAccountId")),
        is_acknowledged=_is_acknowledged(it),
        is_test=it.get("testPurchaseContext") is not None,
        order_id=_text(it.get("orderId")),
        region=_text(it.get("regionCode")),
        purchased_at=_instant(it.get("purchaseCompletionTime")),
    )


def order(it: Json) -> Order:
    """An Order. Raises as `subscription`."""
    return Order(
        id=_needed(it["orderId"]),
        token=_needed(it["purchaseToken"]),
        state=_ORDER_STATES[it["state"]],
        total=amounts.price(it.get("total")),
        tax=amounts.price(it.get("tax")),
        created_at=_instant(it.get("createTime")),
    )


def voided(it: Json) -> VoidedPurchase:
    """A VoidedPurchase. Raises as `subscription`."""
    quantity = it.get("voidedQuantity")
    return VoidedPurchase(
        token=_needed(it["purchaseToken"]),
        order_id=_text(it.get("orderId")),
        voided_at=at_milli(it["voidedTimeMillis"]),
        purchased_at=at_milli(it["purchaseTimeMillis"]),
        voided_by=_VOIDED_BY.get(it.get("voidedSource", 0)),
        because=_VOIDED_BECAUSE.get(it.get("voidedReason", 0)),
        quantity=None if quantity is None else _whole(quantity),
    )


def at_milli(text: object) -> datetime:
    """A time in milliseconds since 1970, as text or as a number.

    Raises:
        ValueError, TypeError: it is none.
    """
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19:
        text = int(text)
    seconds, rest = divmod(_whole(text), 1000)
    return at_second(seconds) + timedelta(milliseconds=rest)


def _at(found: SubscriptionPurchase, now: datetime, *, is_canceled: bool) -> SubscriptionPurchase:
    """With what follows from the whole: a trial, and how one ends that is not renewed."""
    state = found.state
    if state == "active" and found.current is not None and found.current.phase == "trial":
        state = "trialing"
    if is_canceled and (found.expires_at is None or found.expires_at <= now):
        state = "expired"
    ends = state in _GOES_ON and (is_canceled or not any(item.renews for item in found.items))
    return replace(found, state=state, cancel_at_period_end=ends)


def _subscription_item(it: Json) -> SubscriptionItem:
    plan = it.get("autoRenewingPlan")
    return SubscriptionItem(
        product_id=_needed(it["productId"]),
        base_plan=_text(within(it, "offerDetails", "basePlanId")),
        offer=_text(within(it, "offerDetails", "offerId")),
        expires_at=_instant(it.get("expiryTime")),
        renews=within(plan, "autoRenewEnabled") is True,
        phase=_phase(it.get("offerPhase")),
        price=amounts.price(within(plan, "recurringPrice")),
        order_id=_text(it.get("latestSuccessfulOrderId")),
        becomes_product_id=_text(within(it, "deferredItemReplacement", "productId")),
    )


def _product_item(it: Json) -> ProductItem:
    offer = cast("Json", it.get("productOfferDetails") or {})
    refundable = offer.get("refundableQuantity")
    return ProductItem(
        product_id=_needed(it["productId"]),
        quantity=_whole(offer.get("quantity", 1)),
        refundable=None if refundable is None else _whole(refundable),
        is_consumed=offer.get("consumptionState") == "CONSUMPTION_STATE_CONSUMED",
        option=_text(offer.get("purchaseOptionId")),
        offer=_text(offer.get("offerId")),
    )


def _phase(it: object) -> Phase | None:
    """Which of the names is there: what stands behind it is an empty object."""
    if not isinstance(it, dict):
        return None
    return next((phase for name, phase in _PHASES.items() if cast("Json", it).get(name) is not None), None)


def _cancellation(it: Json) -> tuple[CanceledBy | None, datetime | None]:
    context = it.get("canceledStateContext")
    for name, by in _CANCELED_BY.items():
        if (told := within(context, name)) is not None:
            return by, _instant(within(told, "cancelTime"))
    return None, None


def _is_acknowledged(it: Json) -> bool:
    # Doubt is a no: to acknowledge twice does no harm, not to acknowledge gives the money back.
    return it.get("acknowledgementState") == "ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED"


def _list(it: Json, name: str) -> Sequence[Json]:
    found = it.get(name, [])
    if not isinstance(found, list):
        raise TypeError(f"{name} is no list")
    return cast("Sequence[Json]", found)


def _instant(it: object) -> datetime | None:
    return None if it is None else at_instant(it)


def _needed(it: object) -> str:
    if not isinstance(it, str) or not it:
        raise ValueError("a name is missing")
    return it


def _text(it: object) -> str | None:
    return it if isinstance(it, str) and it else None


def _whole(it: Any) -> int:
    if type(it) is not int:
        raise TypeError("not a whole number")
    return it
