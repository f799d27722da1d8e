"""What a look at a purchase on Google Play means for its payment. Pure.

The purchase option's id is our price's id, as a base plan's is: the catalogue needs no second table of what is sold
where. Of a product without options it is the product's own id, written without hyphens, which Google does not allow.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from cleanly.platform.providers.purchases import ProductItem, ProductPurchase

PROVIDER = "google_play"
# News of a payment that is pending may be lost, and Google has no list of it.
PENDING_LOOK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of a purchase. `left`: how many pieces were not given back."""

    state: Literal["processing", "captured", "canceled"]
    left: int


def price_of(item: ProductItem) -> UUID | None:
    """The price of ours that an item was bought at; None: it is none of ours."""
    for name in (item.option, item.product_id):
        try:
            return UUID(name or "")
        except ValueError:
            continue
    return None


def item_of(purchase: ProductPurchase, price_id: UUID) -> ProductItem | None:
    """What was bought at this price."""
    return next((item for item in purchase.items if price_of(item) == price_id), None)


def judge(purchase: ProductPurchase, item: ProductItem) -> Standing:
    """Google's word in ours; what is canceled after it was paid was given back."""
    match purchase.state:
        case "pending":
            return Standing("processing", item.quantity)
        case "canceled":
            return Standing("canceled", 0)
        case "purchased":
            return Standing("captured", item.quantity if item.refundable is None else item.refundable)


def must_acknowledge(purchase: ProductPurchase, item: ProductItem, *, can_be_bought_again: bool) -> bool:
    """Whether Google must still be told: that it was granted, or that it is used up, which says that as well."""
    if purchase.state != "purchased" or item.refundable == 0:
        return False
    return not item.is_consumed if can_be_bought_again else not purchase.is_acknowledged
