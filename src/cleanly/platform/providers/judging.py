"""May this user have what this purchase bought? Pure: what Google tells and what we know in, a verdict out.

Three questions, in this order: whose it is, whether it is real, whether it is paid and still stands. Source:
https://developer.android.com/google/play/billing/security
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from cleanly.platform.providers.purchases import (
    ProductItem,
    ProductPurchase,
    Purchase,
    SubscriptionItem,
    SubscriptionPurchase,
)

Reason = Literal[
    "of_another_user",  # a token that was stolen or shared
    "of_nobody",  # bought without an account id, so anybody may have sent it
    "test",
    "not_sold_here",
    "canceled",  # taken back, or never paid
    "consumed",
    "unpaid",
    "paused",
    "over",
]
Owns = Callable[[UUID, str | None], bool]


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants it, and what we knew before.

    `owns`: see `PlayStore.owns`. `bound_to`: the user whom we have bound this token to, or else its `linked_token` or
    `expired_token`. `counts_tests`: whether test purchases are good here; never where they are real.
    """

    user_id: UUID
    owns: Owns
    bound_to: UUID | None = None
    counts_tests: bool = False


@dataclass(frozen=True, slots=True)
class Granted:
    """Yes. `must_acknowledge`: Google still waits to hear of it. `until`: None for what is kept for good."""

    items: tuple[ProductItem, ...] | tuple[SubscriptionItem, ...]
    until: datetime | None
    must_acknowledge: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not yet: a payment is pending, and Google will tell."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No. `reason` is for us: to the client only what it may know."""

    reason: Reason


Verdict = Granted | Waiting | Denied


def judge_owner(purchase: Purchase, claim: Claim) -> Literal["of_another_user", "of_nobody"] | None:
    """Why a purchase is not this user's; None: it is.

    What we have bound stays bound: an account id that was made with a secret that is gone changes nothing.
    """
    if claim.bound_to is not None:
        return None if claim.bound_to == claim.user_id else "of_another_user"
    told = purchase.account_id
    if told is None and isinstance(purchase, SubscriptionPurchase):
        told = purchase.expired_account_id
    if told is None:
        return "of_nobody"
    return None if claim.owns(claim.user_id, told) else "of_another_user"


def judge_product(purchase: ProductPurchase, claim: Claim, *, sold: Collection[str]) -> Verdict:
    """A one-time purchase. `sold`: the products that we know; others in the purchase are left out."""
    if (denied := _not_for_real(purchase, claim)) is not None:
        return denied
    match purchase.state:
        case "pending":
            return Waiting()
        case "canceled":
            return Denied("canceled")
        case "purchased":
            return _bought(purchase, sold)
        case _:
            assert_never(purchase.state)


def judge_subscription(
    purchase: SubscriptionPurchase, claim: Claim, *, sold: Collection[tuple[str, str | None]], now: datetime
) -> Verdict:
    """A subscription. `sold`: the pairs of product and base plan that we know; other items are left out."""
    if (denied := _not_for_real(purchase, claim)) is not None:
        return denied
    match purchase.state:
        case "incomplete":
            return Waiting()
        case "unpaid" | "paused":
            return Denied(purchase.state)
        case "canceled":
            return Denied("canceled")
        case "expired":
            return Denied("over")
        case "trialing" | "active" | "past_due":
            return _subscribed(purchase, sold, now)
        case _:
            assert_never(purchase.state)


def _not_for_real(purchase: Purchase, claim: Claim) -> Denied | None:
    if (reason := judge_owner(purchase, claim)) is not None:
        return Denied(reason)
    return Denied("test") if purchase.is_test and not claim.counts_tests else None


def _bought(purchase: ProductPurchase, sold: Collection[str]) -> Verdict:
    known = tuple(item for item in purchase.items if item.product_id in sold)
    if not known:
        return Denied("not_sold_here")
    left = tuple(item for item in known if item.refundable != 0)
    if not left:
        return Denied("canceled")
    # What is consumed was granted once already, here or by whoever consumed it.
    fresh = tuple(item for item in left if not item.is_consumed)
    if not fresh:
        return Denied("consumed")
    return Granted(fresh, None, must_acknowledge=not purchase.is_acknowledged)


def _subscribed(purchase: SubscriptionPurchase, sold: Collection[tuple[str, str | None]], now: datetime) -> Verdict:
    known = tuple(item for item in purchase.items if (item.product_id, item.base_plan) in sold)
    if not known:
        return Denied("not_sold_here")
    lasting = tuple(item for item in known if item.expires_at is not None and item.expires_at > now)
    if not lasting:
        return Waiting()  # due, and Google has not yet said how the renewal went
    until = max(item.expires_at for item in lasting if item.expires_at is not None)
    return Granted(lasting, until, must_acknowledge=not purchase.is_acknowledged)
