"""Stripe's objects in our words. Pure: JSON in, values out; what it does not know it does not guess."""

from datetime import datetime
from typing import Any, Final

from cleanly.kernel.money import Money
from cleanly.platform.providers.currencies import STRIPE
from cleanly.platform.providers.protocol import (
    Balance,
    DisputeMovement,
    DisputeSnapshot,
    DisputeState,
    Entry,
    PaymentSnapshot,
    PaymentState,
    RefundSnapshot,
    RefundState,
)
from cleanly.platform.providers.reading import Json, at_second, our_id, within

NAME: Final = "stripe"
OUR_ID: Final = "cleanly_id"  # the key in their metadata by which an object of ours is found again

_PAYMENT: Final[dict[str, PaymentState]] = {
    "requires_payment_method": "requires_action",
    "requires_confirmation": "requires_action",
    "requires_action": "requires_action",
    "processing": "processing",
    "requires_capture": "authorized",
    "succeeded": "captured",
    "canceled": "canceled",
}
_REFUND: Final[dict[str, RefundState]] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
_DISPUTE: Final[dict[str, DisputeState]] = {
    "needs_response": "needs_response",
    "warning_needs_response": "needs_response",
    "appeal_needs_response": "needs_response",
    "under_review": "under_review",
    "warning_under_review": "under_review",
    "appeal_under_review": "under_review",
    "won": "won",
    "lost": "lost",
    "warning_closed": "closed",
    "prevented": "closed",
}
# By reporting category: a dispute's type is `adjustment`, as many other things' is.
_ENTRY: Final = {
    "charge": "charge",
    "charge_failure": "charge",
    "refund": "refund",
    "refund_failure": "refund",
    "partial_capture_reversal": "refund",
    "dispute": "dispute",
    "dispute_reversal": "dispute_reversal",
    "fee": "fee",
    "network_cost": "fee",
    "tax": "fee",
    "payout": "payout",
    "payout_reversal": "payout",
    "topup": "payout",
    "topup_reversal": "payout",
    "transfer": "transfer",
    "transfer_reversal": "transfer",
    "other_adjustment": "adjustment",
}


# Which field of a line's source says what moved, in the source's own currency.
_MOVED: Final = {"charge": "amount_captured", "refund": "amount", "dispute": "amount"}


def money(amount: Any, currency: str) -> Money:
    """An amount of theirs."""
    return STRIPE.from_provider(amount, currency.upper())


def identity(it: Any) -> str | None:
    """The id of a field that holds an id, or the whole object when it was expanded."""
    if it is None:
        return None
    return str(it if isinstance(it, str) else it["id"])


def payment(it: Json) -> PaymentSnapshot:
    """A PaymentIntent, with `latest_charge` expanded or not."""
    state = _PAYMENT[it["status"]]
    charge = it.get("latest_charge")
    return PaymentSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=our_id(within(it, "metadata", OUR_ID)),
        state=state,
        money=money(it["amount"], it["currency"]),
        captured=money(it["amount_received"], it["currency"]).amount if state == "captured" else 0,
        # An attempt that was declined leaves a charge behind, too: it moved nothing.
        charge=identity(charge) if state in {"processing", "authorized", "captured"} else None,
        decline_code=_decline(it.get("last_payment_error")) if state == "requires_action" else None,
        authorized_until=_authorized_until(charge) if state == "authorized" else None,
    )


def refund(it: Json) -> RefundSnapshot:
    """A Refund."""
    return RefundSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=our_id(within(it, "metadata", OUR_ID)),
        payment_reference=_of_payment(it),
        state=_REFUND[it["status"]],
        money=money(it["amount"], it["currency"]),
        failure_code=it.get("failure_reason"),
        came_back=it.get("failure_balance_transaction") is not None,
    )


def dispute(it: Json) -> DisputeSnapshot:
    """A Dispute. Its balance transactions are the money; `amount` there is without the dispute's fee."""
    due = within(it, "evidence_details", "due_by")
    movements = tuple(
        DisputeMovement(
            kind="withdrawn" if moved["amount"] < 0 else "reinstated",
            money=_disputed(moved, it),
            entry=str(moved["id"]),
        )
        for moved in it.get("balance_transactions") or ()
        if moved["amount"] != 0
    )
    return DisputeSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        payment_reference=_of_payment(it),
        state=_DISPUTE[it["status"]],
        money=money(it["amount"], it["currency"]),
        reason=str(it["reason"]),
        movements=movements,
        evidence_due_at=None if due is None else at_second(due),
    )


def _disputed(moved: Json, it: Json) -> Money:
    """What a line moved, in the dispute's currency. A converted one does not tell: then it is the whole dispute."""
    if moved["currency"] == it["currency"]:
        return money(abs(moved["amount"]), moved["currency"])
    return money(it["amount"], it["currency"])


def entry(it: Json) -> Entry:
    """A BalanceTransaction, with its source expanded or not."""
    currency = it["currency"]
    gross = money(it["amount"], currency)
    meta = {"type": str(it["type"])}
    # The rate is a float: text, for a person to read. The money is in the two amounts.
    for name in ("exchange_rate", "balance_type", "description"):
        if it.get(name) is not None:
            meta[name] = str(it[name])
    return Entry(
        provider=NAME,
        id=str(it["id"]),
        kind=_ENTRY.get(it["reporting_category"], "other"),
        source=_source(it.get("source")),
        gross=gross,
        fee=money(it["fee"], currency),
        net=money(it["net"], currency),
        created_at=at_second(it["created"]),
        available_on=at_second(it["available_on"]),
        original=_original(it.get("source"), gross),
        meta=meta,
    )


def _source(source: Any) -> str | None:
    """What moved. A reversal stands for its transfer: by that name we have booked both."""
    reversed_transfer = within(source, "transfer") if within(source, "object") == "transfer_reversal" else None
    return identity(reversed_transfer or source)


def _original(source: Any, gross: Money) -> Money | None:
    """What the line's source moved in its own currency; None if it was not converted, or does not say."""
    field = _MOVED.get(str(within(source, "object") or ""))
    amount, currency = within(source, field or ""), within(source, "currency")
    if field is None or not isinstance(amount, int) or not amount or currency is None:
        return None
    if currency.upper() == gross.currency:
        return None
    found = money(amount, currency)
    return found if gross.amount > 0 else -found


def balance(it: Json) -> Balance:
    """A Balance."""
    return Balance(available=_sums(it["available"]), pending=_sums(it["pending"]))


def _sums(parts: Any) -> dict[str, int]:
    return {found.currency: found.amount for found in (money(part["amount"], part["currency"]) for part in parts)}


def _of_payment(it: Json) -> str:
    found = identity(it.get("payment_intent")) or identity(it.get("charge"))
    if found is None:
        raise ValueError("belongs to no payment")
    return found


def _decline(error: Json | None) -> str | None:
    return None if not error else error.get("decline_code") or error.get("code") or error.get("type")


def _authorized_until(charge: Any) -> datetime | None:
    kind = within(charge, "payment_method_details", "type")
    until = within(charge, "payment_method_details", str(kind), "capture_before")
    return None if until is None else at_second(until)
