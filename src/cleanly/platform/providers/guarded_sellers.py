"""The seller side of a provider behind the same deadline, circuit breaker and metrics as its payments."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from cleanly.platform.providers.breaker import Guard
from cleanly.platform.providers.protocol import Capability
from cleanly.platform.providers.protocol_sellers import (
    AccountSnapshot,
    NewAccount,
    NewPayout,
    NewTransfer,
    OnboardingLink,
    PayoutSnapshot,
    SellerProvider,
    TransferSnapshot,
)

T = TypeVar("T")


class GuardedSellers:
    """Any provider's seller side, guarded."""

    def __init__(self, provider: SellerProvider, guard: Guard) -> None:
        self._provider = provider
        self._guard = guard

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

    async def create_account(self, new: NewAccount, *, key: str) -> AccountSnapshot:
        """See `SellerProvider`."""
        return await self._call("create_account", lambda it: it.create_account(new, key=key))

    async def find_account(self, our_id: UUID) -> AccountSnapshot | None:
        """See `SellerProvider`."""
        return await self._call("find_account", lambda it: it.find_account(our_id))

    async def get_account(self, reference: str) -> AccountSnapshot:
        """See `SellerProvider`."""
        return await self._call("get_account", lambda it: it.get_account(reference))

    async def onboarding_link(self, reference: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """See `SellerProvider`."""
        return await self._call(
            "onboarding_link",
            lambda it: it.onboarding_link(reference, return_url=return_url, refresh_url=refresh_url),
        )

    async def send_transfer(self, new: NewTransfer, *, key: str) -> TransferSnapshot:
        """See `SellerProvider`."""
        return await self._call("send_transfer", lambda it: it.send_transfer(new, key=key))

    async def find_transfer(self, our_id: UUID) -> TransferSnapshot | None:
        """See `SellerProvider`."""
        return await self._call("find_transfer", lambda it: it.find_transfer(our_id))

    async def reverse_transfer(self, reference: str, *, our_id: UUID, key: str) -> TransferSnapshot:
        """See `SellerProvider`."""
        return await self._call("reverse_transfer", lambda it: it.reverse_transfer(reference, our_id=our_id, key=key))

    async def send_payout(self, new: NewPayout, *, key: str) -> PayoutSnapshot:
        """See `SellerProvider`."""
        return await self._call("send_payout", lambda it: it.send_payout(new, key=key))

    async def get_payout(self, reference: str, *, account: str) -> PayoutSnapshot:
        """See `SellerProvider`."""
        return await self._call("get_payout", lambda it: it.get_payout(reference, account=account))

    async def find_payout(self, our_id: UUID, *, account: str) -> PayoutSnapshot | None:
        """See `SellerProvider`."""
        return await self._call("find_payout", lambda it: it.find_payout(our_id, account=account))

    async def cancel_payout(self, reference: str, *, account: str, key: str) -> PayoutSnapshot:
        """See `SellerProvider`."""
        return await self._call("cancel_payout", lambda it: it.cancel_payout(reference, account=account, key=key))

    async def _call(self, operation: str, call: Callable[[SellerProvider], Coroutine[Any, Any, T]]) -> T:
        return await self._guard.call(operation, lambda: call(self._provider))
