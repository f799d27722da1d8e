"""Looks at orders, before a change and after it: the same fault means another thing."""

from typing import Final

from cleanly.platform.providers.errors import NotSent, NotThere, Refused, Unknown
from cleanly.platform.providers.paypal import snapshots
from cleanly.platform.providers.paypal.client import Client
from cleanly.platform.providers.protocol import PaymentSnapshot
from cleanly.platform.providers.reading import Json, reading

ORDERS: Final = "/v2/checkout/orders"
AUTHORIZATIONS: Final = "/v2/payments/authorizations"
CAPTURES: Final = "/v2/payments/captures"
_OPEN: Final = {"CREATED", "PENDING"}


async def look(client: Client, reference: str) -> PaymentSnapshot:
    """The order as it stands."""
    return read(await client.get(ORDERS, reference))


async def before(client: Client, reference: str) -> Json:
    """The order, looked at before a change: whatever fails here, nothing was changed.

    Raises:
        Refused, NotSent: never Unknown.
    """
    try:
        return await client.get(ORDERS, reference)
    except Unknown as error:
        raise NotSent(f"PayPal did not show the order: {error}") from error


async def after(client: Client, reference: str) -> PaymentSnapshot:
    """The order, looked at after a change.

    Raises:
        Unknown: whatever fails here, something may have changed.
    """
    try:
        return await look(client, reference)
    except (NotSent, Refused) as error:
        raise Unknown(f"changed, but not seen since: {error}") from error


async def seen(client: Client, made: Json) -> PaymentSnapshot:
    """A changed order. An answer repeated for the same key may be short: then a look."""
    try:
        return read(made)
    except Unknown:
        with reading("a changed order"):
            reference = str(made["id"])
    return await after(client, reference)


async def behind(client: Client, it: Json) -> str:
    """The order of a capture or an authorization, over the authorization if need be.

    Raises:
        NotThere: it was not made by an order.
    """
    with reading("a payment's links"):
        order = snapshots.order_of(it)
        above = snapshots.link(it, "up", under=f"{AUTHORIZATIONS}/")
    if order is None and above is not None:
        authorization = await client.get(AUTHORIZATIONS, above)
        with reading("an authorization's links"):
            order = snapshots.order_of(authorization)
    if order is None:
        raise NotThere("no_order", message="the payment was not made by an order")
    return order


def read(it: Json) -> PaymentSnapshot:
    """The order in our words."""
    with reading("an order"):
        return snapshots.order(it)


def open_authorization(order: Json) -> str | None:
    """The authorization that can still be captured or voided."""
    with reading("an order's authorizations"):
        found = [str(it["id"]) for it in snapshots.payments(order, "authorizations") if it["status"] in _OPEN]
    return found[-1] if found else None
