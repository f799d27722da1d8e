"""A payment provider behind a deadline, a circuit breaker and metrics: what the rest of the service holds.

It never repeats a call: that is for the jobs, with the same key.
"""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

from cleanly.kernel.money import Money
from cleanly.platform.providers.breaker import Breaker, Guard, Limits
from cleanly.platform.providers.guarded_sellers import GuardedSellers
from cleanly.platform.providers.protocol import (
    Balance,
    Capability,
    DisputeSnapshot,
    Listing,
    NewPayment,
    PaymentSnapshot,
    Provider,
    RefundSnapshot,
    Snapshot,
    VerifiedEvent,
)
from cleanly.platform.providers.protocol_sellers import SellerProvider

T = TypeVar("T")
__all__ = ["Breaker", "Guarded", "Limits"]


class Guarded:
    """Any provider, guarded. Verifying a push is not: it must work while the provider's API is down."""

    def __init__(self, provider: Provider, *, monotonic: Callable[[], float], limits: Limits | None = None) -> None:
        self._provider = provider
        self._guard = Guard(provider.name, limits=limits or Limits(), monotonic=monotonic)
        self.breaker = self._guard.breaker

    @property
    def sellers(self) -> SellerProvider | None:
        """Its seller side behind the same guard; None if it has none."""
        # On the adapter itself, or beside it where the two sides differ (how long they know a key).
        inner = getattr(self._provider, "sellers", self._provider)
        return GuardedSellers(inner, self._guard) if isinstance(inner, SellerProvider) else None

    @property
    def name(self) -> str:
        """The provider's."""
        return self._provider.name

    @property
    def account(self) -> str:
        """The provider's."""
        return self._provider.account

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The provider's."""
        return self._provider.capabilities

    @property
    def key_memory(self) -> timedelta:
        """The provider's."""
        return self._provider.key_memory

    @property
    def refund_key_memory(self) -> timedelta:
        """The provider's."""
        return self._provider.refund_key_memory

    async def ensure_customer(self, user_id: UUID, email: str, *, key: str) -> str:
        """See `Provider`."""
        return await self._call("ensure_customer", lambda it: it.ensure_customer(user_id, email, key=key))

    async def create_payment(self, new: NewPayment, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("create_payment", lambda it: it.create_payment(new, key=key))

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """See `Provider`."""
        return await self._call("client_parameters", lambda it: it.client_parameters(reference, customer=customer))

    async def get_payment(self, reference: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("get_payment", lambda it: it.get_payment(reference))

    async def find_payment(self, our_id: UUID) -> PaymentSnapshot | None:
        """See `Provider`."""
        return await self._call("find_payment", lambda it: it.find_payment(our_id))

    async def complete_payment(
        self, reference: str, *, capture: Literal["automatic", "manual"], key: str
    ) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("complete_payment", lambda it: it.complete_payment(reference, capture=capture, key=key))

    async def capture_payment(self, reference: str, money: Money, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("capture_payment", lambda it: it.capture_payment(reference, money, key=key))

    async def cancel_payment(self, reference: str, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("cancel_payment", lambda it: it.cancel_payment(reference, key=key))

    async def refund(self, reference: str, charge: str, money: Money, *, our_id: UUID, key: str) -> RefundSnapshot:
        """See `Provider`."""
        return await self._call("refund", lambda it: it.refund(reference, charge, money, our_id=our_id, key=key))

    async def get_refund(self, reference: str) -> RefundSnapshot:
        """See `Provider`."""
        return await self._call("get_refund", lambda it: it.get_refund(reference))

    async def find_refund(self, payment_reference: str, our_id: UUID) -> RefundSnapshot | None:
        """See `Provider`."""
        return await self._call("find_refund", lambda it: it.find_refund(payment_reference, our_id))

    async def get_dispute(self, reference: str) -> DisputeSnapshot:
        """See `Provider`."""
        return await self._call("get_dispute", lambda it: it.get_dispute(reference))

    async def list_entries(self, since: datetime, cursor: str | None) -> Listing:
        """See `Provider`."""
        return await self._call("list_entries", lambda it: it.list_entries(since, cursor))

    async def list_events(self, since: datetime, cursor: str | None) -> Listing:
        """See `Provider`."""
        return await self._call("list_events", lambda it: it.list_events(since, cursor))

    async def get_balance(self) -> Balance:
        """See `Provider`."""
        return await self._call("get_balance", lambda it: it.get_balance())

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """See `Provider`."""
        return await self._provider.verify_webhook(headers, body, now=now)

    async def fetch_object(self, event: VerifiedEvent) -> Snapshot | None:
        """See `Provider`."""
        return await self._call("fetch_object", lambda it: it.fetch_object(event))

    async def close(self) -> None:
        """See `Provider`."""
        await self._provider.close()

    async def _call(self, operation: str, call: Callable[[Provider], Coroutine[Any, Any, T]]) -> T:
        return await self._guard.call(operation, lambda: call(self._provider))
