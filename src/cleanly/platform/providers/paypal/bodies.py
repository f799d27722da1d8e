"""The bodies that we send to PayPal. Pure; validated in the tests against the vendor's specifications."""

from typing import Any
from uuid import UUID

from cleanly.kernel.money import Money
from cleanly.platform.providers.currencies import PAYPAL, NotExact
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.paypal.settings import PayPalSettings
from cleanly.platform.providers.protocol import NewPayment

_DESCRIPTION_LENGTH_MAX = 127


def new_order(new: NewPayment, settings: PayPalSettings) -> dict[str, Any]:
    """An order that the buyer approves. `custom_id`: our id, which captures, disputes and reports show again."""
    context = {"user_action": "PAY_NOW", "shipping_preference": "NO_SHIPPING"}
    if settings.paypal_return_url is not None and settings.paypal_cancel_url is not None:
        context |= {"return_url": settings.paypal_return_url, "cancel_url": settings.paypal_cancel_url}
    unit = {
        "reference_id": new.transfer_group[:256] or str(new.our_id),
        "custom_id": str(new.our_id),
        "amount": amount(new.money),
    }
    if new.description:
        unit["description"] = new.description[:_DESCRIPTION_LENGTH_MAX]
    return {
        "intent": "CAPTURE" if new.capture == "automatic" else "AUTHORIZE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": context}},
    }


def capture(money: Money) -> dict[str, Any]:
    """Of an authorization, once: the rest is given back."""
    return {"amount": amount(money), "final_capture": True}


def new_refund(money: Money, our_id: UUID) -> dict[str, Any]:
    """Of a capture, all or a part."""
    return {"amount": amount(money), "custom_id": str(our_id)}


def amount(money: Money) -> dict[str, str]:
    """The amount as PayPal wants it.

    Raises:
        Refused: PayPal can't move exactly this, so nothing is sent.
    """
    try:
        return {"currency_code": money.currency, "value": PAYPAL.to_decimal(money)}
    except NotExact as error:
        raise Refused("currency_not_exact", message=str(error)) from error
