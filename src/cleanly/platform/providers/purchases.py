"""What we ask of Google Play about purchases in the app, in our words. A protocol of its own: it takes no payments.

The app buys, Google takes the money and renews; we look, acknowledge and can end. A purchase is known by its token, a
secret of whoever bought. Google knows no idempotency keys: each call here may be made again and then does nothing more.
Errors are those of `providers/errors.py`, and two kinds of Refused that tell of the token.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.protocol import VerifiedEvent

# As MONEY tells the states of subscriptions: those who pay by other providers are in the same ones.
SubscriptionState = Literal["incomplete", "trialing", "active", "past_due", "unpaid", "paused", "canceled", "expired"]
ProductState = Literal["pending", "purchased", "canceled"]
Phase = Literal["trial", "introductory", "base", "proration"]
CanceledBy = Literal["user", "system", "developer", "replacement"]
OrderState = Literal["pending", "processed", "canceled", "refunding", "partially_refunded", "refunded"]
VoidedBy = Literal["user", "developer", "google"]
VoidedBecause = Literal[
    "other",
    "remorse",
    "not_received",
    "defective",
    "accidental_purchase",
    "fraud",
    "friendly_fraud",
    "chargeback",
    "unacknowledged",
]


class TokenUnknown(Refused):
    """Google knows no such token for our app: forged, mistyped, of another app, or of the other kind of product."""


class TokenGone(Refused):
    """Google has forgotten the token: what it bought ended long ago, or its owner's account is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionItem:
    """One product of a subscription: the base plan and its add-ons are bought together.

    `expires_at`: None while the first payment is pending, or where a change waits for the period's end. `price`: what
    a renewal costs, with taxes and before discounts; None for a prepaid plan, and where it can't be said in the
    currency's minor unit.
    """

    product_id: str
    base_plan: str | None
    offer: str | None
    expires_at: datetime | None
    renews: bool
    phase: Phase | None
    price: Money | None
    order_id: str | None
    becomes_product_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPurchase:
    """A subscription as Google sees it at one moment.

    `account_id`: what the app gave to Play for its user (see `ownership.AccountIds`); None if it gave nothing.
    `linked_token`: the purchase that this one takes the place of. `expired_token`, `expired_account_id`: of the one
    that had ended before it, where the buyer came back by Google's own pages; Google tells them until we acknowledge.
    """

    token: str
    state: SubscriptionState
    items: tuple[SubscriptionItem, ...]
    account_id: str | None
    is_acknowledged: bool
    is_test: bool
    cancel_at_period_end: bool
    linked_token: str | None = None
    region: str | None = None
    started_at: datetime | None = None
    resumes_at: datetime | None = None
    canceled_by: CanceledBy | None = None
    canceled_at: datetime | None = None
    expired_token: str | None = None
    expired_account_id: str | None = None

    @property
    def current(self) -> SubscriptionItem | None:
        """The item that lasts longest; the first of those that last alike. None: there are no items."""
        latest = self.expires_at
        return next((item for item in self.items if item.expires_at == latest), None)

    @property
    def expires_at(self) -> datetime | None:
        """Until when it is paid, as far as Google knows now; None while the first payment is pending."""
        return max((item.expires_at for item in self.items if item.expires_at is not None), default=None)

    @property
    def order_id(self) -> str | None:
        """The newest order that was paid."""
        return None if self.current is None else self.current.order_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductItem:
    """One product of a one-time purchase. `refundable`: how many of `quantity` were not given back; None: not told."""

    product_id: str
    quantity: int
    refundable: int | None
    is_consumed: bool
    option: str | None = None
    offer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPurchase:
    """A one-time purchase as Google sees it at one moment. `order_id`: None where nothing was paid (a gift code)."""

    token: str
    state: ProductState
    items: tuple[ProductItem, ...]
    account_id: str | None
    is_acknowledged: bool
    is_test: bool
    order_id: str | None = None
    region: str | None = None
    purchased_at: datetime | None = None


Purchase = SubscriptionPurchase | ProductPurchase


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One payment: of a one-time purchase, of a subscription's start or of one renewal. `total` has the tax in it."""

    id: str
    token: str
    state: OrderState
    total: Money | None
    tax: Money | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidedPurchase:
    """An order that was taken back. A subscription's renewals share its token: the order tells which of them.

    `quantity`: how many of several were given back; None: the whole order.
    """

    token: str
    order_id: str | None
    voided_at: datetime
    purchased_at: datetime
    voided_by: VoidedBy | None
    because: VoidedBecause | None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class VoidedListing:
    """One page; `cursor` is None on the last."""

    purchases: Sequence[VoidedPurchase]
    cursor: str | None = None


@runtime_checkable
class PlayStore(Protocol):
    """Google Play for one app. Raises `errors.Refused`, `errors.Unknown`, `errors.NotSent` from every call.

    A look that Google was too busy for is repeated a few times within seconds; what changes something is not.
    """

    @property
    def name(self) -> str:
        """`google_play`."""
        ...

    @property
    def account(self) -> str:
        """The app's package name: part of every unique key of ours."""
        ...

    def account_id(self, user_id: UUID) -> str:
        """What the app has to hand to Play as the obfuscated account id when this user buys."""
        ...

    def owns(self, user_id: UUID, account_id: str | None) -> bool:
        """Whether an account id that Play tells of is this user's."""
        ...

    async def get_subscription(self, token: str) -> SubscriptionPurchase:
        """Look.

        Raises:
            TokenUnknown, TokenGone: there is nothing to look at.
        """
        ...

    async def get_product(self, token: str) -> ProductPurchase:
        """Look. Raises as `get_subscription`."""
        ...

    async def get_order(self, order_id: str) -> Order:
        """Look."""
        ...

    async def acknowledge_subscription(self, token: str, product_id: str, *, account_id: str | None = None) -> None:
        """Tell Google that it was granted; what is not acknowledged within three days is refunded and revoked.

        `account_id`: only for one that was bought on Google's own pages, which has none of its own.
        """
        ...

    async def acknowledge_product(self, token: str, product_id: str) -> None:
        """As for a subscription."""
        ...

    async def consume_product(self, token: str, product_id: str) -> None:
        """Tell Google that it was granted and is used up: the buyer may buy it again."""
        ...

    async def cancel_subscription(self, token: str, *, may_be_restored: bool = True) -> None:
        """Stop the renewals; it lasts to its end. `may_be_restored`: the buyer may change his mind at Google."""
        ...

    async def revoke_subscription(self, token: str, *, refund: Literal["full", "prorated"]) -> None:
        """End it now and give the last payment back, all or for the time that is left."""
        ...

    async def refund_order(self, order_id: str, *, revoke: bool) -> None:
        """Give an order back; `revoke` takes what it bought away at once."""
        ...

    async def list_voided(self, since: datetime, cursor: str | None) -> VoidedListing:
        """What was taken back since a time, at most 30 days ago, of both kinds, parts of orders too."""
        ...

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """Check a push; `headers` with lower-case names. Its `object` is the token.

        Raises:
            errors.BadSignature: not from Google, not for us, or too old.
        """
        ...

    async def fetch_object(self, event: VerifiedEvent) -> Purchase | None:
        """Fetch what the event is about; None for kinds that nobody here handles."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


async def voided_since(store: PlayStore, since: datetime) -> AsyncGenerator[VoidedPurchase, None]:
    """All that was given back since then, page by page.

    Raises:
        As `PlayStore.list_voided`.
    """
    cursor: str | None = None
    while True:
        page = await store.list_voided(since, cursor)
        for voided in page.purchases:
            yield voided
        if (cursor := page.cursor) is None:
            return
