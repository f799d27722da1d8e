"""Google Play behind a deadline, a circuit breaker and metrics: what the rest of the service holds."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from cleanly.platform.providers.breaker import Guard, Limits
from cleanly.platform.providers.protocol import VerifiedEvent
from cleanly.platform.providers.purchases import (
    Order,
    PlayStore,
    ProductPurchase,
    Purchase,
    SubscriptionPurchase,
    VoidedListing,
)


class GuardedStore:
    """Verifying a push is not guarded: it must work while the store's API is down."""

    def __init__(self, store: PlayStore, *, monotonic: Callable[[], float], limits: Limits | None = None) -> None:
        self._store = store
        self._guard = Guard(store.name, limits=limits or Limits(), monotonic=monotonic)
        self.breaker = self._guard.breaker

    @property
    def name(self) -> str:
        """The store's."""
        return self._store.name

    @property
    def account(self) -> str:
        """The store's."""
        return self._store.account

    def account_id(self, user_id: UUID) -> str:
        """See `PlayStore`."""
        return self._store.account_id(user_id)

    def owns(self, user_id: UUID, account_id: str | None) -> bool:
        """See `PlayStore`."""
        return self._store.owns(user_id, account_id)

    async def get_subscription(self, token: str) -> SubscriptionPurchase:
        """See `PlayStore`."""
        return await self._guard.call("get_subscription", lambda: self._store.get_subscription(token))

    async def get_product(self, token: str) -> ProductPurchase:
        """See `PlayStore`."""
        return await self._guard.call("get_product", lambda: self._store.get_product(token))

    async def get_order(self, order_id: str) -> Order:
        """See `PlayStore`."""
        return await self._guard.call("get_order", lambda: self._store.get_order(order_id))

    async def acknowledge_subscription(self, token: str, product_id: str, *, account_id: str | None = None) -> None:
        """See `PlayStore`."""
        await self._guard.call(
            "acknowledge_subscription",
            lambda: self._store.acknowledge_subscription(token, product_id, account_id=account_id),
        )

    async def acknowledge_product(self, token: str, product_id: str) -> None:
        """See `PlayStore`."""
        await self._guard.call("acknowledge_product", lambda: self._store.acknowledge_product(token, product_id))

    async def consume_product(self, token: str, product_id: str) -> None:
        """See `PlayStore`."""
        await self._guard.call("consume_product", lambda: self._store.consume_product(token, product_id))

    async def cancel_subscription(self, token: str, *, may_be_restored: bool = True) -> None:
        """See `PlayStore`."""
        await self._guard.call(
            "cancel_subscription", lambda: self._store.cancel_subscription(token, may_be_restored=may_be_restored)
        )

    async def revoke_subscription(self, token: str, *, refund: Literal["full", "prorated"]) -> None:
        """See `PlayStore`."""
        await self._guard.call("revoke_subscription", lambda: self._store.revoke_subscription(token, refund=refund))

    async def refund_order(self, order_id: str, *, revoke: bool) -> None:
        """See `PlayStore`."""
        await self._guard.call("refund_order", lambda: self._store.refund_order(order_id, revoke=revoke))

    async def list_voided(self, since: datetime, cursor: str | None) -> VoidedListing:
        """See `PlayStore`."""
        return await self._guard.call("list_voided", lambda: self._store.list_voided(since, cursor))

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """See `PlayStore`."""
        return await self._store.verify_webhook(headers, body, now=now)

    async def fetch_object(self, event: VerifiedEvent) -> Purchase | None:
        """See `PlayStore`."""
        return await self._guard.call("fetch_object", lambda: self._store.fetch_object(event))

    async def close(self) -> None:
        """See `PlayStore`."""
        await self._store.close()
