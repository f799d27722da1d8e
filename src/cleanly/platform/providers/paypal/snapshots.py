"""PayPal's orders, refunds and disputes in our words. Pure; what it does not know it does not guess."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from cleanly.kernel.money import Money
from cleanly.platform.providers.currencies import PAYPAL
from cleanly.platform.providers.protocol import (
    DisputeMovement,
    DisputeSnapshot,
    DisputeState,
    PaymentSnapshot,
    PaymentState,
    RefundSnapshot,
    RefundState,
)
from cleanly.platform.providers.reading import Json, at_instant, our_id, within

NAME: Final = "paypal"

_ORDER: Final[dict[str, PaymentState]] = {
    "CREATED": "requires_action",
    "SAVED": "requires_action",
    "PAYER_ACTION_REQUIRED": "requires_action",
    "APPROVED": "requires_action",
    "VOIDED": "canceled",
}
_CAPTURE: Final[dict[str, PaymentState]] = {
    "COMPLETED": "captured",
    "PARTIALLY_REFUNDED": "captured",
    "REFUNDED": "captured",
    "PENDING": "processing",
    "DECLINED": "failed",
    "FAILED": "failed",
}
_AUTHORIZATION: Final[dict[str, PaymentState]] = {
    "CREATED": "authorized",
    "PENDING": "processing",
    "CAPTURED": "captured",
    "PARTIALLY_CAPTURED": "captured",
    "DENIED": "failed",
    "VOIDED": "canceled",
}
_REFUND: Final[dict[str, RefundState]] = {
    "COMPLETED": "succeeded",
    "PENDING": "pending",
    "FAILED": "failed",
    "CANCELLED": "failed",
}
_DISPUTE: Final[dict[str, DisputeState]] = {
    "OPEN": "needs_response",
    "WAITING_FOR_SELLER_RESPONSE": "needs_response",
    "WAITING_FOR_BUYER_RESPONSE": "under_review",
    "UNDER_REVIEW": "under_review",
    "OTHER": "under_review",
}
# With a payout PayPal pays the buyer out of its own pocket; a denied one was denied to the buyer.
_OUTCOME: Final[dict[str, DisputeState]] = {
    "RESOLVED_BUYER_FAVOUR": "lost",
    "ACCEPTED": "lost",
    "RESOLVED_SELLER_FAVOUR": "won",
    "RESOLVED_WITH_PAYOUT": "won",
    "DENIED": "won",
    "CANCELED_BY_BUYER": "closed",
}


def money(it: Any) -> Money:
    """Their Money: a decimal text in major units."""
    return PAYPAL.from_decimal(it["value"], it["currency_code"])


def order(it: Json) -> PaymentSnapshot:
    """An Order with its payments. Captures tell more than authorizations, and those more than the order.

    Raises:
        ValueError: it moved money, but does not say how much.
    """
    unit = it["purchase_units"][0]
    captures, authorizations = payments(it, "captures"), payments(it, "authorizations")
    state, decline = _state(it, captures, authorizations)
    taken = [found for found in captures if _CAPTURE[found["status"]] == "captured"]
    if state == "captured" and not taken:
        raise ValueError("captured, but no capture is listed")
    moving = taken or [found for found in captures if _CAPTURE[found["status"]] == "processing"]
    total = money(unit["amount"])
    return PaymentSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=our_id(unit.get("custom_id")),
        state=state,
        money=total,
        captured=_sum((money(found["amount"]) for found in taken), total).amount if state == "captured" else 0,
        charge=str(moving[-1]["id"]) if moving else None,
        decline_code=decline,
        authorized_until=(
            at_instant(authorizations[-1]["expiration_time"])
            if state == "authorized" and authorizations[-1].get("expiration_time")
            else None
        ),
        awaits_us=state == "requires_action" and it["status"] == "APPROVED",
    )


def payments(it: Json, kind: str) -> Sequence[Json]:
    """An order's `captures`, `authorizations` or `refunds`, as they came."""
    found = within(it["purchase_units"][0], "payments", kind)
    return cast("Sequence[Json]", found or ())


def refund(it: Json, *, payment_reference: str, inherited: object) -> RefundSnapshot:
    """A Refund. `inherited`: the capture's custom id, which a refund made in the console may repeat as its own."""
    state = _REFUND[it["status"]]
    return RefundSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=None if it.get("custom_id") == inherited else our_id(it.get("custom_id")),
        payment_reference=payment_reference,
        state=state,
        money=money(it["amount"]),
        failure_code=str(within(it, "status_details", "reason") or it["status"]) if state == "failed" else None,
    )


def dispute(it: Json, *, payment_reference: str) -> DisputeSnapshot:
    """A Dispute. Its fees are lines of their own in PayPal's report, no movements of the dispute's money."""
    status = it["status"]
    if status == "RESOLVED":
        state = _OUTCOME.get(within(it, "dispute_outcome", "outcome_code") or "", "closed")
    else:
        state = _DISPUTE[status]
    due = it.get("seller_response_due_date")
    return DisputeSnapshot(
        provider=NAME,
        reference=str(it["dispute_id"]),
        payment_reference=payment_reference,
        state=state,
        money=money(it["dispute_amount"]),
        reason=str(it["reason"]),
        movements=tuple(
            DisputeMovement(
                kind="withdrawn" if moved["type"] == "DEBIT" else "reinstated",
                money=money(moved["amount"]),
                # A movement has no id of its own.
                entry=f"{it['dispute_id']}:{moved['type']}:{moved['initiated_time']}",
            )
            # `fund_movements` is the newer name of the list, and `party` of the party in it.
            for moved in it.get("fund_movements") or it.get("money_movements") or ()
            if (moved.get("party") or moved["affected_party"]) == "SELLER" and moved["reason"] == "DISPUTE_SETTLEMENT"
        ),
        evidence_due_at=None if due is None else at_instant(due),
    )


def order_of(it: Json) -> str | None:
    """The order that a capture or an authorization belongs to, if it tells."""
    told = within(it, "supplementary_data", "related_ids", "order_id")
    return str(told) if told else link(it, "up", under="/v2/checkout/orders/")


def link(it: Json, *relations: str, under: str) -> str | None:
    """The last part of a link's address, where the address stands below `under`."""
    for found in it.get("links") or ():
        if found["rel"] in relations and under in found["href"]:
            return str(found["href"]).rpartition("/")[2]
    return None


def _state(it: Json, captures: Sequence[Json], authorizations: Sequence[Json]) -> tuple[PaymentState, str | None]:
    if captures:
        states = [_CAPTURE[found["status"]] for found in captures]
        for better in ("captured", "processing"):
            if better in states:
                return better, None
        return "failed", _decline(captures[-1])
    if authorizations:
        state = _AUTHORIZATION[authorizations[-1]["status"]]
        return state, _decline(authorizations[-1]) if state == "failed" else None
    return _ORDER[it["status"]], None


def _decline(it: Json) -> str:
    return str(
        within(it, "processor_response", "response_code") or within(it, "status_details", "reason") or it["status"]
    )


def _sum(parts: Iterable[Money], like: Money) -> Money:
    total = Money(0, like.currency)
    for part in parts:
        total += part
    return total
