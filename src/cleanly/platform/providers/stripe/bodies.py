"""The bodies that we send to Stripe, in the SDK's own types: a key that Stripe does not know fails the type check."""

from datetime import datetime
from typing import Final
from uuid import UUID

from stripe.params import (
    BalanceTransactionListParams,
    CustomerCreateParams,
    CustomerSearchParams,
    EventListParams,
    PaymentIntentCancelParams,
    PaymentIntentCaptureParams,
    PaymentIntentCreateParams,
    PaymentIntentRetrieveParams,
    PaymentIntentSearchParams,
    RefundCreateParams,
    RefundListParams,
)

from cleanly.kernel.money import Money
from cleanly.platform.providers.currencies import STRIPE, NotExact
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.protocol import NewPayment
from cleanly.platform.providers.stripe.snapshots import OUR_ID

PAGE: Final = 100
_EVENTS_PAGE: Final = 50  # each holds its whole object
_DESCRIPTION_LENGTH_MAX: Final = 500


def new_payment(new: NewPayment) -> PaymentIntentCreateParams:
    """A PaymentIntent that the app's SDK confirms."""
    body: PaymentIntentCreateParams = {
        "amount": exact(new.money),
        "currency": new.money.currency.lower(),
        "capture_method": new.capture,
        "automatic_payment_methods": {"enabled": True},
        "description": new.description[:_DESCRIPTION_LENGTH_MAX],
        "transfer_group": new.transfer_group,
        "metadata": {OUR_ID: str(new.our_id)},
        "expand": ["latest_charge"],
    }
    if new.customer:
        body["customer"] = new.customer
    return body


def payment() -> PaymentIntentRetrieveParams:
    """A look, with the charge beside it."""
    return {"expand": ["latest_charge"]}


def payment_search(our_id: UUID) -> PaymentIntentSearchParams:
    """By our id."""
    return {"query": f"metadata['{OUR_ID}']:'{our_id}'", "limit": 1, "expand": ["data.latest_charge"]}


def capture(money: Money) -> PaymentIntentCaptureParams:
    """All of it or a part; the rest is given back."""
    return {"amount_to_capture": exact(money), "expand": ["latest_charge"]}


def cancellation() -> PaymentIntentCancelParams:
    """Give it up."""
    return {"expand": ["latest_charge"]}


def new_refund(reference: str, money: Money, our_id: UUID) -> RefundCreateParams:
    """Of the PaymentIntent's one charge that succeeded."""
    return {"payment_intent": reference, "amount": exact(money), "metadata": {OUR_ID: str(our_id)}}


def refunds(payment_reference: str, after: str | None) -> RefundListParams:
    """A page of a payment's refunds."""
    body: RefundListParams = {"payment_intent": payment_reference, "limit": PAGE}
    if after is not None:
        body["starting_after"] = after
    return body


def new_customer(user_id: UUID, email: str) -> CustomerCreateParams:
    """A buyer."""
    return {"email": email, "metadata": {OUR_ID: str(user_id)}}


def customer_search(user_id: UUID) -> CustomerSearchParams:
    """By our id."""
    return {"query": f"metadata['{OUR_ID}']:'{user_id}'", "limit": 1}


def events(since: datetime, cursor: str | None) -> EventListParams:
    """A page of events, newest first."""
    body: EventListParams = {"created": {"gte": int(since.timestamp())}, "limit": _EVENTS_PAGE}
    if cursor is not None:
        body["starting_after"] = cursor
    return body


def newest_before(since: datetime) -> BalanceTransactionListParams:
    """The newest line of the books that is older."""
    return {"created": {"lt": int(since.timestamp())}, "limit": 1}


def lines(
    since: datetime, *, newer_than: str | None = None, older_than: str | None = None
) -> BalanceTransactionListParams:
    """A page of the books beside a known line."""
    # The source tells what moved before it was converted.
    body: BalanceTransactionListParams = {
        "created": {"gte": int(since.timestamp())},
        "limit": PAGE,
        "expand": ["data.source"],
    }
    if newer_than is not None:
        body["ending_before"] = newer_than
    if older_than is not None:
        body["starting_after"] = older_than
    return body


def exact(money: Money) -> int:
    """The amount as Stripe wants it.

    Raises:
        Refused: Stripe can't move exactly this, so nothing is sent.
    """
    try:
        return STRIPE.to_provider(money)
    except NotExact as error:
        raise Refused("currency_not_exact", message=str(error)) from error
